//! A connection that speaks HTTP no more: bytes both ways.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use hyper::rt::Write;
use pyo3::Python;
use rondel_http::io::{Endpoints, Receive};
use rondel_http::{Error, Kind, Switched};

use super::runtime::{Holder, Loop};

/// From so many bytes on that wait to be sent, `drain` waits.
const FULL: usize = 64 * 1024;

/// The connection, and what waits to be sent.
pub struct Link {
    home: Loop,
    /// None: while it is polled, and when it is closed.
    switched: RefCell<Option<Switched<Loop>>>,
    endpoints: Rc<Endpoints>,
    out: RefCell<std::collections::VecDeque<Bytes>>,
    waiting: Cell<usize>,
    /// The background task is to send what waits.
    sending: Cell<bool>,
    /// The background task, who waits for bytes, and who waits for room.
    task: RefCell<Option<Waker>>,
    reader: RefCell<Option<Waker>>,
    room: RefCell<Option<Waker>>,
    failed: RefCell<Option<Error>>,
    closed: Cell<bool>,
    /// Somebody waits for bytes.
    pub waited_for: Cell<bool>,
    held: Cell<Option<usize>>,
}

impl Link {
    /// Begins its background task, too, which sends what `write` could not, and closes the connection with its pool.
    pub fn new(py: Python<'_>, home: &Loop, switched: Switched<Loop>) -> Rc<Self> {
        let link = Rc::new(Self {
            home: home.clone(),
            endpoints: Rc::clone(switched.io.endpoints()),
            switched: RefCell::new(Some(switched)),
            out: RefCell::default(),
            waiting: Cell::new(0),
            sending: Cell::new(false),
            task: RefCell::default(),
            reader: RefCell::default(),
            room: RefCell::default(),
            failed: RefCell::default(),
            closed: Cell::new(false),
            waited_for: Cell::new(false),
            held: Cell::new(None),
        });
        let holder: Rc<dyn Holder> = Rc::<Self>::clone(&link);
        link.held.set(Some(home.hold(Rc::downgrade(&holder))));
        let weak = Rc::downgrade(&link);
        let background = std::future::poll_fn(move |cx| match weak.upgrade() {
            Some(link) => link.poll_background(cx),
            None => Poll::Ready(()),
        });
        home.start(py, Box::pin(background));
        link
    }

    /// Ready when the connection is closed.
    fn poll_background(&self, cx: &mut Context<'_>) -> Poll<()> {
        let closed = self.with(|switched| switched.place.poll_closed(cx));
        if closed.is_none_or(|closed| closed.is_ready()) {
            self.close();
            return Poll::Ready(());
        }
        if self.sending.get() {
            // A failure is told to who writes next.
            if let Poll::Ready(sent) = self.poll_out(cx) {
                self.sending.set(false);
                wake(&self.room);
                drop(sent);
            }
        }
        keep(&self.task, cx);
        Poll::Pending
    }

    pub fn home(&self) -> &Loop {
        &self.home
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Bytes that wait to be sent.
    pub fn waiting(&self) -> usize {
        self.waiting.get()
    }

    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Uses the connection, taken out so that nothing is borrowed meanwhile. `None`: it is closed.
    fn with<T>(&self, use_it: impl FnOnce(&mut Switched<Loop>) -> T) -> Option<T> {
        let mut switched = self.switched.take()?;
        let used = use_it(&mut switched);
        if self.closed.get() {
            drop(switched);
        } else {
            self.switched.replace(Some(switched));
        }
        Some(used)
    }

    fn failure(&self) -> Error {
        self.failed.borrow().clone().unwrap_or_else(|| Error::new(Kind::Disconnected))
    }

    fn fail(&self, error: io::Error) -> Error {
        let error = Error::from_source(Kind::Io, error);
        let failed = self.failed.borrow_mut().get_or_insert(error).clone();
        wake(&self.room);
        failed
    }

    /// Up to `most` bytes; none at the end.
    pub fn poll_read(&self, cx: &mut Context<'_>, most: usize) -> Poll<Result<Vec<u8>, Error>> {
        let mut data = Vec::new();
        let polled =
            self.with(|switched| switched.io.poll_receive(cx, most.max(1), &mut |piece| data.extend_from_slice(piece)));
        match polled {
            None => Poll::Ready(Err(self.failure())),
            Some(Poll::Pending) => {
                keep(&self.reader, cx);
                Poll::Pending
            }
            Some(Poll::Ready(Ok(_))) => Poll::Ready(Ok(data)),
            Some(Poll::Ready(Err(error))) => Poll::Ready(Err(self.fail(error))),
        }
    }

    /// Sends what waits, as far as the system takes it.
    fn poll_out(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let next = self.out.borrow_mut().pop_front();
            let Some(mut piece) = next else { break };
            let polled = self.with(|switched| Pin::new(&mut switched.io).poll_write(cx, &piece));
            match polled {
                None => return Poll::Ready(Err(self.failure())),
                Some(Poll::Pending) => {
                    self.out.borrow_mut().push_front(piece);
                    return Poll::Pending;
                }
                Some(Poll::Ready(Err(error))) => return Poll::Ready(Err(self.fail(error))),
                Some(Poll::Ready(Ok(count))) => {
                    let count = count.min(piece.len());
                    piece.advance(count);
                    self.waiting.set(self.waiting.get().saturating_sub(count));
                    if !piece.is_empty() {
                        self.out.borrow_mut().push_front(piece);
                    }
                    if self.waiting.get() < FULL {
                        wake(&self.room);
                    }
                }
            }
        }
        let flushed = self.with(|switched| Pin::new(&mut switched.io).poll_flush(cx));
        match flushed {
            None => Poll::Ready(Err(self.failure())),
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(sent)) => Poll::Ready(sent.map_err(|error| self.fail(error))),
        }
    }

    /// Sends bytes: what goes at once, and the rest in the background.
    ///
    /// Errors: the connection is closed, or has failed.
    pub fn write(self: &Rc<Self>, py: Python<'_>, data: Bytes) -> Result<(), Error> {
        if self.closed.get() || self.failed.borrow().is_some() {
            return Err(self.failure());
        }
        if data.is_empty() {
            return Ok(());
        }
        self.waiting.set(self.waiting.get() + data.len());
        self.out.borrow_mut().push_back(data);
        if self.sending.get() {
            return Ok(());
        }
        self.home.enter(py, || match self.poll_out(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(sent) => sent,
            Poll::Pending => {
                self.sending.set(true);
                wake(&self.task);
                Ok(())
            }
        })
    }

    /// Ready when little waits to be sent; nothing, if `all`.
    pub fn poll_sent(&self, cx: &mut Context<'_>, all: bool) -> Poll<Result<(), Error>> {
        if self.failed.borrow().is_some() || self.closed.get() {
            return Poll::Ready(Err(self.failure()));
        }
        let waiting = self.waiting.get();
        let sent = if all { waiting == 0 && !self.sending.get() } else { waiting < FULL };
        if sent {
            return Poll::Ready(Ok(()));
        }
        if all && !self.sending.get() {
            return self.poll_out(cx);
        }
        keep(&self.room, cx);
        Poll::Pending
    }

    /// Ends our half, once all is sent.
    pub fn poll_shut_down(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_sent(cx, true))?;
        let polled = self.with(|switched| Pin::new(&mut switched.io).poll_shutdown(cx));
        match polled {
            None => Poll::Ready(Err(self.failure())),
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(ended)) => Poll::Ready(ended.map_err(|error| self.fail(error))),
        }
    }

    /// Closes the connection. What waits is given up.
    pub fn close(&self) {
        self.closed.set(true);
        let held = (self.switched.take(), self.out.take());
        self.waiting.set(0);
        drop(held);
        for waits in [&self.task, &self.reader, &self.room] {
            wake(waits);
        }
    }
}

/// Whoever is polled is to be woken later.
fn keep(place: &RefCell<Option<Waker>>, cx: &Context<'_>) {
    let stale = place.replace(Some(cx.waker().clone()));
    drop(stale);
}

fn wake(place: &RefCell<Option<Waker>>) {
    let waker = place.take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Holder for Link {
    fn let_go(&self, _py: Python<'_>) {
        self.held.set(None); // by the loop, which forgets all
        self.close();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(number) = self.held.take() {
            self.home.forget(number);
        }
        wake(&self.task); // which finds nobody, and goes
    }
}
