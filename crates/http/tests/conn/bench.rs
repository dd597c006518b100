//! A loop without a loop: time stands still until it is moved, and tasks run when they are told to.

use std::cell::{Cell, RefCell};
use std::future::{Future, Ready};
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rondel_http::{Background, Direction, Family, Runtime, Source};

/// How many times something was woken.
#[derive(Default)]
pub struct Calls(AtomicUsize);

impl Calls {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A waker that counts, and the count.
    pub fn new() -> (Waker, Arc<Self>) {
        let calls = Arc::new(Self::default());
        (Waker::from(Arc::clone(&calls)), calls)
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The runtime of these tests.
#[derive(Clone, Default)]
pub struct Bench(Rc<Inner>);

#[derive(Default)]
struct Inner {
    now: Cell<u64>,
    turn: Cell<u64>,
    tasks: RefCell<Vec<Background>>,
    sleepers: RefCell<Vec<Waker>>,
}

impl Bench {
    /// Moves the time on, by so many nanoseconds.
    pub fn pass(&self, nanoseconds: u64) {
        self.0.now.set(self.0.now.get() + nanoseconds);
        self.0.sleepers.take().into_iter().for_each(Waker::wake);
    }

    /// Polls each task, several times over. Gives how many are left.
    pub fn run(&self) -> usize {
        for _ in 0..8 {
            self.0.turn.set(self.0.turn.get() + 1);
            self.poll_each();
        }
        self.0.tasks.borrow().len()
    }

    /// Polls each task once, in the turn that it is.
    pub fn poll_each(&self) {
        let mut tasks = self.0.tasks.take();
        tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.0.tasks.borrow_mut().append(&mut tasks);
    }

    /// Drives `future`, and the tasks, until it ends.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        for _ in 0..1000 {
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return done;
            }
            self.run();
        }
        panic!("it does not end");
    }
}

/// Polls with a waker that nobody hears.
pub fn poll<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls what must be ready.
#[track_caller]
pub fn now<T>(attempt: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    match poll(attempt) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it is not ready"),
    }
}

impl Runtime for Bench {
    type Source = Nothing;
    type Sleep = Sleep;
    type Lookup = Ready<io::Result<Vec<SocketAddr>>>;

    fn watch(&self, _: RawFd) -> Nothing {
        Nothing
    }

    fn now(&self) -> u64 {
        self.0.now.get()
    }

    fn turn(&self) -> u64 {
        self.0.turn.get()
    }

    fn sleep_until(&self, at: u64) -> Sleep {
        Sleep { bench: self.clone(), at }
    }

    fn lookup(&self, _: &str, _: u16, _: Family) -> Self::Lookup {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn spawn(&self, task: Background) {
        self.0.tasks.borrow_mut().push(task);
    }

    fn random(&self) -> u64 {
        4
    }
}

/// There are no descriptors here.
#[derive(Debug)]
pub struct Nothing;

impl Source for Nothing {
    fn poll_ready(&self, _: &mut Context<'_>, _: Direction) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn clear(&self, _: Direction) {}
}

/// Ends when the time was moved far enough.
pub struct Sleep {
    bench: Bench,
    at: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.bench.now() >= self.at {
            return Poll::Ready(());
        }
        self.bench.0.sleepers.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    }
}
