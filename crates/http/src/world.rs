//! For tests: a runtime whose time and tasks go on when they are told to.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Pending;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rondel_engine::Nanos;

use crate::runtime::{Background, Direction, Family, Runtime, Source};

const MILLI: Nanos = 1_000_000;
const SECOND: Nanos = 1000 * MILLI;

#[derive(Clone, Default)]
pub(crate) struct World(Rc<Inner>);

#[derive(Default)]
struct Inner {
    now: Cell<Nanos>,
    tasks: RefCell<Vec<Background>>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.0.now).finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Context<'_>) -> T) -> T {
        look(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0.wakes))))
    }

    pub(crate) fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        self.with(|cx| Pin::new(future).poll(cx))
    }

    /// How often anybody was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.0.wakes.0.load(Ordering::Relaxed)
    }

    /// Background tasks that have not ended.
    pub(crate) fn tasks(&self) -> usize {
        self.0.tasks.borrow().len()
    }

    /// Lets the background tasks do what they can.
    pub(crate) fn run(&self) {
        loop {
            let before = self.wakes();
            let tasks = self.0.tasks.take();
            let waiting = tasks.into_iter().filter_map(|mut task| self.poll(&mut task).is_pending().then_some(task));
            let waiting = waiting.collect();
            let spawned = self.0.tasks.replace(waiting);
            let quiet = spawned.is_empty() && self.wakes() == before;
            self.0.tasks.borrow_mut().extend(spawned);
            if quiet {
                return;
            }
        }
    }

    /// Drops the background tasks, as a loop does that is closed.
    pub(crate) fn end(&self) {
        drop(self.0.tasks.take());
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: u64) {
        self.sleep_through(seconds);
        self.run();
    }

    /// Lets time pass, while the background tasks have no turn.
    pub(crate) fn sleep_through(&self, seconds: u64) {
        self.0.now.set(self.now() + seconds * SECOND);
    }

    /// As [`sleep_through`](Self::sleep_through), in milliseconds.
    pub(crate) fn pass(&self, millis: u64) {
        self.0.now.set(self.now() + millis * MILLI);
    }
}

impl Runtime for World {
    type Source = Nothing;
    type Sleep = Sleep;
    type Lookup = Pending<io::Result<Vec<SocketAddr>>>;

    fn watch(&self, _: RawFd) -> Nothing {
        Nothing
    }

    fn now(&self) -> Nanos {
        self.0.now.get()
    }

    fn turn(&self) -> u64 {
        self.wakes() as u64 // whoever is woken runs in a turn of its own
    }

    fn sleep_until(&self, at: Nanos) -> Sleep {
        Sleep(self.clone(), at)
    }

    fn lookup(&self, _: &str, _: u16, _: Family) -> Self::Lookup {
        std::future::pending()
    }

    fn spawn(&self, task: Background) {
        self.0.tasks.borrow_mut().push(task);
    }

    fn random(&self) -> u64 {
        0
    }
}

/// Nothing is ever read here.
pub(crate) struct Nothing;

impl Source for Nothing {
    fn poll_ready(&self, _: &mut Context<'_>, _: Direction) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn clear(&self, _: Direction) {}
}

/// Everything is polled whenever time passes: it need not wake.
pub(crate) struct Sleep(World, Nanos);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.now() < self.1 { Poll::Pending } else { Poll::Ready(()) }
    }
}
