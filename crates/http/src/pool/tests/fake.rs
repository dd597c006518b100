//! Connections that do as they are told.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::pool::{Key, Pooled};
use crate::url::Target;

/// Makes connections, and counts those that are not closed.
#[derive(Clone, Default)]
pub(super) struct Network(Rc<Count>);

#[derive(Default)]
struct Count {
    open: Cell<usize>,
    made: Cell<usize>,
}

impl Network {
    pub(super) fn open(&self) -> usize {
        self.0.open.get()
    }

    /// A connection for one request at a time.
    pub(super) fn connect(&self) -> Fake {
        self.make(None)
    }

    /// A connection for `capacity` requests at a time.
    pub(super) fn connect_shared(&self, capacity: usize) -> Fake {
        self.make(Some(capacity))
    }

    fn make(&self, capacity: Option<usize>) -> Fake {
        let id = self.0.made.get();
        self.0.made.set(id + 1);
        self.0.open.set(self.open() + 1);
        let line = Line {
            network: self.clone(),
            id,
            capacity: Cell::new(capacity),
            roomier: RefCell::default(),
            handles: Cell::new(0),
            busy: Cell::new(false),
            ended: Cell::new(false),
            closed: Cell::new(false),
            waker: RefCell::new(None),
        };
        Fake { line: Rc::new(line), is_handle: false }
    }
}

/// A connection, or a handle on one.
pub(super) struct Fake {
    line: Rc<Line>,
    is_handle: bool,
}

struct Line {
    network: Network,
    id: usize,
    capacity: Cell<Option<usize>>,
    roomier: RefCell<Option<Rc<dyn Fn()>>>,
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

    /// Takes so many requests at a time from now on, if it takes several at all.
    pub(super) fn allow(&self, capacity: usize) {
        let Some(before) = self.0.capacity.get() else { return };
        self.0.capacity.set(Some(capacity));
        let call = self.0.roomier.borrow().clone();
        if let Some(call) = call.filter(|_| capacity > before) {
            call();
        }
    }

    /// The rest of the request has arrived.
    pub(super) fn take_rest(&self) {
        self.0.busy.set(false);
    }
}

impl Fake {
    pub(super) fn id(&self) -> usize {
        self.line.id
    }

    pub(super) fn server(&self) -> Server {
        Server(Rc::clone(&self.line))
    }

    /// A request is under way on it.
    pub(super) fn begin(&self) {
        self.line.busy.set(true);
    }
}

impl Pooled for Fake {
    fn share(&self) -> Option<Self> {
        self.line.capacity.get()?;
        self.line.handles.set(self.line.handles.get() + 1);
        Some(Self { line: Rc::clone(&self.line), is_handle: true })
    }

    fn when_roomier(&self, call: Rc<dyn Fn()>) {
        self.line.roomier.replace(Some(call));
    }

    fn is_idle(&self) -> bool {
        let Line { capacity, handles, busy, ended, closed, .. } = &*self.line;
        // An end is seen at once where a task of its own drives the connection.
        let free = capacity.get().is_none_or(|capacity| handles.get() < capacity && !ended.get());
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
        let count = if self.is_handle { &self.line.handles } else { &self.line.network.0.open };
        count.set(count.get() - 1);
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("id", &self.id()).finish_non_exhaustive()
    }
}

pub(super) fn key(host: usize) -> Key {
    let url = Target::parse(&format!("http://host-{host}.test/")).unwrap();
    Key::new(&url, None)
}
