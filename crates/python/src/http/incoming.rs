//! The body of a response, on its way in.

mod direct;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::{Error, Incoming, Kind};

pub use self::direct::LEAST;
use super::buffer::Buffer;
use super::errors::{self, About};
use super::runtime::{Holder, Loop};
use crate::raw::{Growing, Owned};

/// How a body has ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It was read as a whole.
    Eof,
    /// It can't be.
    Failed(Error),
    /// Somebody has let it go: released, closed.
    Released,
}

/// A body that is read as fast as somebody wants it, and no faster.
pub struct Body {
    home: Loop,
    /// None: while it is polled, and when it has ended.
    incoming: RefCell<Option<Incoming<Loop>>>,
    pub buffer: RefCell<Buffer>,
    /// All that has come, while all of a body of known length is read.
    whole: RefCell<Option<Growing>>,
    end: RefCell<Option<End>>,
    /// An exception that the program has set.
    exception: RefCell<Option<Owned>>,
    /// What the program wants called at the end.
    at_end: RefCell<Vec<Owned>>,
    /// What is to be called when it is over, in whatever way.
    over: RefCell<Option<Owned>>,
    /// Whoever waits for the end only, and for the buffer to have room.
    room: RefCell<Option<Waker>>,
    /// Whoever waits for bytes.
    reader: RefCell<Option<Waker>>,
    /// Somebody waits for bytes.
    pub waited_for: Cell<bool>,
    /// Bytes that have come, decoded.
    pub total: Cell<u64>,
    /// From which on a buffer is full, where nobody reads. Twice the `read_bufsize`.
    pub high: Cell<usize>,
    /// Whether the server sends it in chunks, and so as pieces that mean something.
    pub chunked: bool,
    /// Under which the loop knows it.
    held: Cell<Option<usize>>,
}

impl Body {
    pub fn new(home: &Loop, incoming: Incoming<Loop>, high: usize, chunked: bool) -> Rc<Self> {
        let finished = incoming.is_finished();
        let end = finished.then_some(End::Eof);
        let body = Rc::new(Self::assemble(home, (!finished).then_some(incoming), end, high, chunked));
        if !finished {
            let holder: Rc<dyn Holder> = Rc::<Self>::clone(&body);
            body.held.set(Some(home.hold(Rc::downgrade(&holder))));
        }
        body
    }

    /// One that has ended: of a redirect that was followed.
    pub fn empty(home: &Loop) -> Rc<Self> {
        Rc::new(Self::assemble(home, None, Some(End::Released), 0, false))
    }

    fn assemble(home: &Loop, incoming: Option<Incoming<Loop>>, end: Option<End>, high: usize, chunked: bool) -> Self {
        Self {
            home: home.clone(),
            incoming: RefCell::new(incoming),
            buffer: RefCell::default(),
            whole: RefCell::default(),
            end: RefCell::new(end),
            exception: RefCell::default(),
            at_end: RefCell::default(),
            over: RefCell::default(),
            room: RefCell::default(),
            reader: RefCell::default(),
            waited_for: Cell::new(false),
            total: Cell::new(0),
            high: Cell::new(high),
            chunked,
            held: Cell::new(None),
        }
    }

    pub fn home(&self) -> &Loop {
        &self.home
    }

    /// How it has ended; `None`: not yet.
    pub fn end(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// Whether its connection is its own.
    pub fn is_connected(&self) -> bool {
        self.incoming.borrow().as_ref().is_some_and(Incoming::is_connected)
    }

    /// Takes the answer away, for another protocol.
    pub fn take(&self) -> Option<Incoming<Loop>> {
        let taken = self.incoming.borrow_mut().take();
        *self.end.borrow_mut() = Some(End::Eof);
        taken
    }

    /// Gets a piece more into the buffer. Ready when it is there, or the body has ended.
    pub fn poll_more(&self, py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_with(py, cx, |incoming, cx| {
            incoming.poll_data(cx).map_ok(|piece| {
                let count = piece.len();
                self.buffer.borrow_mut().push(piece);
                count
            })
        })
    }

    /// Has `poll` receive, which gives how many bytes have come.
    fn poll_with(
        &self,
        py: Python<'_>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Incoming<Loop>, &mut Context<'_>) -> Poll<Option<Result<usize, Error>>>,
    ) -> Poll<()> {
        if self.end.borrow().is_some() {
            return Poll::Ready(());
        }
        // Taken out, as nothing may be borrowed while it is polled.
        let Some(mut incoming) = self.incoming.take() else { return Poll::Pending };
        let (polled, end) = match poll(&mut incoming, cx) {
            Poll::Pending => {
                let waker = cx.waker().clone();
                let stale = self.reader.replace(Some(waker));
                drop(stale);
                (Poll::Pending, None)
            }
            Poll::Ready(Some(Ok(count))) => {
                self.total.set(self.total.get() + count as u64);
                (Poll::Ready(()), incoming.is_finished().then_some(End::Eof))
            }
            Poll::Ready(None) => (Poll::Ready(()), Some(End::Eof)),
            Poll::Ready(Some(Err(error))) => (Poll::Ready(()), Some(End::Failed(error))),
        };
        if polled.is_ready() {
            // Whoever polls knows.
            let told = self.reader.take();
            drop(told);
        }
        if let Some(end) = end {
            drop(incoming);
            self.finish(py, end);
        } else if self.end.borrow().is_none() {
            self.incoming.replace(Some(incoming));
        } else {
            // Released meanwhile, by what the poll has called.
            drop(incoming);
        }
        polled
    }

    /// As [`poll_more`](Self::poll_more), for somebody who wants the end and reads nothing: while there is room.
    pub fn poll_towards_end(&self, py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        if self.end.borrow().is_none() && self.buffer.borrow().len() >= self.high.get() {
            let waker = cx.waker().clone();
            let stale = self.room.replace(Some(waker));
            drop(stale);
            return Poll::Pending;
        }
        self.poll_more(py, cx)
    }

    /// Looks whether something has come that nobody waits for.
    pub fn look(&self, py: Python<'_>) {
        if self.buffer.borrow().is_empty() && !self.waited_for.get() && self.end.borrow().is_none() {
            // Who waits afterwards polls with a waker of his own.
            self.home.enter(py, || {
                let _ = self.poll_more(py, &mut Context::from_waker(Waker::noop()));
            });
        }
    }

    /// Somebody has read: there may be room again.
    pub fn has_read(&self) {
        let waker = self.room.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whoever waits is to look: the body has ended, by whatever else than what he waits for.
    fn tell_all(&self, py: Python<'_>) {
        let wakers = [self.reader.take(), self.room.take()];
        if wakers.iter().any(Option::is_some) {
            self.home.enter(py, || wakers.into_iter().flatten().for_each(Waker::wake));
        }
    }

    /// Puts bytes back that were read.
    pub fn unread(&self, data: Bytes) {
        self.buffer.borrow_mut().push_front(data);
    }

    /// The body is over. The first end counts; of an earlier one nothing is told again.
    fn finish(&self, py: Python<'_>, end: End) {
        let eof = matches!(end, End::Eof);
        {
            let mut place = self.end.borrow_mut();
            if place.is_some() {
                return;
            }
            *place = Some(end);
        }
        if let Some(number) = self.held.take() {
            self.home.forget(number);
        }
        self.tell_all(py);
        let callbacks = self.at_end.take();
        if eof {
            for callback in &callbacks {
                run_at_end(py, callback);
            }
        }
        drop(callbacks);
        self.tell_over(py);
    }

    /// Lets go of the connection: closed, unless the whole answer has come. Reading raises from now on.
    pub fn release(&self, py: Python<'_>) {
        if self.total.get() == 0 && matches!(self.end(), Some(End::Eof)) && self.buffer.borrow().is_empty() {
            return; // as aiohttp: where no body was due, none is lost
        }
        let incoming = self.incoming.take();
        let before = self.end.borrow_mut().replace(End::Released);
        let (buffer, whole, callbacks) = (self.buffer.take(), self.whole.take(), self.at_end.take());
        if let Some(number) = self.held.take() {
            self.home.forget(number);
        }
        if let Some(incoming) = incoming {
            self.home.discard(py, incoming);
        }
        drop((before, buffer, whole, callbacks));
        self.tell_all(py);
        self.tell_over(py);
    }

    /// Has `callback` called when nothing more is read, be it the end, a failure or that somebody has let it go; at once,
    /// if that has come.
    pub fn when_over(&self, py: Python<'_>, callback: Owned) {
        let stale = self.over.replace(Some(callback));
        drop(stale);
        if self.end.borrow().is_some() {
            self.tell_over(py);
        }
    }

    fn tell_over(&self, py: Python<'_>) {
        let callback = self.over.take();
        if let Some(callback) = callback {
            run_at_end(py, &callback);
        }
    }

    /// What the program has set to be raised.
    pub fn raised(&self, py: Python<'_>) -> Option<PyErr> {
        let set = self.exception.borrow().clone();
        set.map(|set| PyErr::from_value(set.bind(py).clone()))
    }

    /// What reading raises; `None` while it does not.
    pub fn error(&self, py: Python<'_>) -> Option<PyErr> {
        if let Some(error) = self.raised(py) {
            return Some(error);
        }
        let end = self.end();
        match end? {
            End::Eof => None,
            End::Failed(error) => Some(errors::exception(py, &error, &About::default())),
            End::Released => Some(errors::released(py)),
        }
    }

    /// Has reading raise `exception`.
    pub fn set_exception(&self, py: Python<'_>, exception: Owned) {
        let stale = (self.exception.replace(Some(exception)), self.at_end.take());
        drop(stale);
        self.tell_all(py);
    }

    /// Has `callback` called at the end; at once, if that has come.
    pub fn at_end(&self, py: Python<'_>, callback: Owned) {
        match self.end() {
            Some(End::Eof) => run_at_end(py, &callback),
            Some(_) => {}
            None => self.at_end.borrow_mut().push(callback),
        }
    }

    /// For the garbage collector: what the one object that stands for this body is to show.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(exception) = self.exception.try_borrow()
            && let Some(exception) = &*exception
        {
            exception.visit(visit)?;
        }
        if let Ok(over) = self.over.try_borrow()
            && let Some(over) = &*over
        {
            over.visit(visit)?;
        }
        let Ok(callbacks) = self.at_end.try_borrow() else { return Ok(()) };
        callbacks.iter().try_for_each(|callback| callback.visit(visit))
    }

    /// Drops what `visit` shows.
    pub fn clear(&self) {
        let held = (self.exception.take(), self.at_end.take(), self.over.take());
        drop(held);
    }
}

impl Holder for Body {
    fn let_go(&self, py: Python<'_>) {
        let incoming = self.incoming.take();
        self.held.set(None); // by the loop, which forgets all
        if self.end.borrow().is_none() {
            self.finish(py, End::Failed(Error::new(Kind::Closed)));
        }
        drop(incoming);
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(number) = self.held.take() {
            self.home.forget(number);
        }
    }
}

/// As aiohttp: what the callback raises is told, and goes no further.
fn run_at_end(py: Python<'_>, callback: &Owned) {
    if let Err(error) = callback.bind(py).call0() {
        error.write_unraisable(py, Some(callback.bind(py)));
    }
}
