//! A runtime whose time and tasks go on when they are told to, and connections that do as they are told.

use std::cell::{Cell, RefCell};
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

use crate::pool::{Key, Pooled};
use crate::runtime::{Background, Direction, Family, Runtime, Source};
use crate::url::Target;

const SECOND: Nanos = 1_000_000_000;

#[derive(Clone, Default)]
pub(super) struct World(Rc<Inner>);

#[derive(Default)]
struct Inner {
    now: Cell<Nanos>,
    tasks: RefCell<Vec<Background>>,
    wakes: Arc<Wakes>,
    /// Connections that are not closed.
    open: Cell<usize>,
    made: Cell<usize>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("open", &self.open()).finish_non_exhaustive()
    }
}

impl World {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Context<'_>) -> T) -> T {
        look(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0.wakes))))
    }

    pub(super) fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        self.with(|cx| Pin::new(future).poll(cx))
    }

    /// How often anybody was woken.
    pub(super) fn wakes(&self) -> usize {
        self.0.wakes.0.load(Ordering::Relaxed)
    }

    pub(super) fn open(&self) -> usize {
        self.0.open.get()
    }

    /// Background tasks that have not ended.
    pub(super) fn tasks(&self) -> usize {
        self.0.tasks.borrow().len()
    }

    /// Lets the background tasks do what they can.
    pub(super) fn run(&self) {
        loop {
            let before = self.wakes();
            let tasks = self.0.tasks.take();
            let polled: Vec<_> =
                tasks.into_iter().filter_map(|mut task| self.poll(&mut task).is_pending().then_some(task)).collect();
            let spawned = self.0.tasks.replace(polled);
            let quiet = spawned.is_empty() && self.wakes() == before;
            self.0.tasks.borrow_mut().extend(spawned);
            if quiet {
                return;
            }
        }
    }

    /// Lets time pass.
    pub(super) fn advance(&self, seconds: u64) {
        self.sleep_through(seconds);
        self.run();
    }

    /// Lets time pass, while the background tasks have no turn.
    pub(super) fn sleep_through(&self, seconds: u64) {
        self.0.now.set(self.0.now.get() + seconds * SECOND);
    }

    /// A connection for one request at a time.
    pub(super) fn connect(&self) -> Fake {
        Fake::new(self, None)
    }

    /// A connection for `capacity` requests at a time.
    pub(super) fn connect_shared(&self, capacity: usize) -> Fake {
        Fake::new(self, Some(capacity))
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
pub(super) struct Nothing;

impl Source for Nothing {
    fn poll_ready(&self, _: &mut Context<'_>, _: Direction) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn clear(&self, _: Direction) {}
}

/// All tasks are polled whenever time passes: it need not wake.
pub(super) struct Sleep(World, Nanos);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.now() < self.1 { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// A connection, or a handle on one.
pub(super) struct Fake {
    line: Rc<Line>,
    is_handle: bool,
}

struct Line {
    world: World,
    id: usize,
    capacity: Option<usize>,
    handles: Cell<usize>,
    busy: Cell<bool>,
    /// The server has closed it.
    ended: Cell<bool>,
    /// And that was seen.
    closed: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// The other end.
pub(super) struct Server(Rc<Line>);

impl Server {
    pub(super) fn close(&self) {
        self.0.ended.set(true);
        let waker = self.0.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The rest of the request has arrived.
    pub(super) fn take_rest(&self) {
        self.0.busy.set(false);
    }
}

impl Fake {
    fn new(world: &World, capacity: Option<usize>) -> Self {
        let id = world.0.made.get();
        world.0.made.set(id + 1);
        world.0.open.set(world.open() + 1);
        let line = Line {
            world: world.clone(),
            id,
            capacity,
            handles: Cell::new(0),
            busy: Cell::new(false),
            ended: Cell::new(false),
            closed: Cell::new(false),
            waker: RefCell::new(None),
        };
        Self { line: Rc::new(line), is_handle: false }
    }

    pub(super) fn id(&self) -> usize {
        self.line.id
    }

    pub(super) fn server(&self) -> Server {
        Server(Rc::clone(&self.line))
    }

    /// A request is under way on it.
    pub(super) fn busy(&self, busy: bool) {
        self.line.busy.set(busy);
    }
}

impl Pooled for Fake {
    fn share(&self) -> Option<Self> {
        self.line.capacity?;
        self.line.handles.set(self.line.handles.get() + 1);
        Some(Self { line: Rc::clone(&self.line), is_handle: true })
    }

    fn is_idle(&self) -> bool {
        let Line { capacity, handles, busy, ended, closed, .. } = &*self.line;
        // An end is seen at once where a task of its own drives the connection.
        let free = capacity.is_none_or(|capacity| handles.get() < capacity && !ended.get());
        free && !busy.get() && !closed.get()
    }

    fn is_closed(&self) -> bool {
        self.line.closed.get()
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.line.busy.get() { Poll::Pending } else { Poll::Ready(()) }
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.line.ended.get() {
            self.line.closed.set(true);
            return Poll::Ready(());
        }
        self.line.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let count = if self.is_handle { &self.line.handles } else { &self.line.world.0.open };
        count.set(count.get() - 1);
    }
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fake").field("id", &self.id()).finish_non_exhaustive()
    }
}

pub(super) fn key(host: usize) -> Key {
    let url = Target::parse(&format!("http://host-{host}.test/")).unwrap();
    Key::new(&url, None)
}
