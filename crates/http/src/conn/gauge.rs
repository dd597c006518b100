//! What goes over a connection, counted.
//!
//! hyper reads on for as long as there are bytes that complete nothing: heads of `1xx`, a chunk's size written with a
//! million zeros. And it gives an answer up when the request can't be sent to its end, although servers answer and close
//! just then. Both are decided here.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::io::{Io, Receive};
use crate::runtime::Runtime;

/// Bytes that a connection receives without a pause: then others get their turn.
const TURN: usize = 1024 * 1024;

/// Bytes beyond a whole head that may come without being part of an answer.
const CHATTER: usize = 512 * 1024;

/// Bytes that are read at a time where there should be none.
const UNASKED: usize = 512;

/// Bytes of an answer that are received before somebody is there to read them.
const AHEAD: usize = 8192;

/// The counts of a connection.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Bytes received so far.
    received: Cell<u64>,
    /// Bytes sent so far.
    sent: Cell<u64>,
    /// How many had been received when the request was begun.
    begun: Cell<u64>,
    /// Bytes received since something came of them.
    fruitless: Cell<usize>,
    /// How many those may be.
    most: usize,
    /// Bytes received since the reading side last waited.
    turn: Cell<usize>,
    /// What was written last is still here.
    blocked: Cell<bool>,
    /// Why nothing can be written any more.
    broken: RefCell<Option<io::Error>>,
    /// The system's number for why the connection has failed first, which others may not hand on.
    failed: Cell<Option<i32>>,
}

/// The server sends and sends, and it comes to nothing.
#[derive(Debug)]
pub(super) struct Chatter;

impl fmt::Display for Chatter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server sends without end what is no part of an answer")
    }
}

impl std::error::Error for Chatter {}

impl Gauge {
    /// For heads of at most `head` bytes.
    pub(super) fn new(head: usize) -> Self {
        Self { most: head.saturating_add(CHATTER), ..Self::default() }
    }

    /// A request begins.
    pub(super) fn begin(&self) {
        self.begun.set(self.received.get());
        self.fruitless.set(0);
    }

    /// A head has come, or a piece of a body.
    pub(super) fn progress(&self) {
        self.fruitless.set(0);
    }

    /// Bytes over the wire so far, both ways.
    pub(super) fn traffic(&self) -> u64 {
        self.received.get() + self.sent.get()
    }

    /// Bytes that have come since the request was begun.
    pub(super) fn heard(&self) -> u64 {
        self.received.get() - self.begun.get()
    }

    /// Whether any have.
    pub(super) fn has_heard(&self) -> bool {
        self.heard() > 0
    }

    /// Whether what was written waits for the system to take it.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.get()
    }

    /// Why the request couldn't be sent to its end, if it couldn't.
    pub(super) fn take_broken(&self) -> Option<io::Error> {
        self.broken.take()
    }

    /// Whether the request couldn't be sent to its end.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Why the connection has failed, in the system's words.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.failed.get().map(io::Error::from_raw_os_error)
    }

    fn note_failure(&self, error: &io::Error) {
        self.failed.set(self.failed.get().or(error.raw_os_error()));
    }

    /// Receives, and counts what it gives.
    fn poll(
        &self,
        cx: &mut Context<'_>,
        receive: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.turn.get() >= TURN {
            self.turn.set(0);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let received = receive(cx);
        if received.is_pending() {
            self.turn.set(0);
        }
        let count = ready!(received).inspect_err(|error| self.note_failure(error))?;
        self.received.set(self.received.get() + count as u64);
        self.fruitless.set(self.fruitless.get().saturating_add(count));
        self.turn.set(self.turn.get() + count);
        Poll::Ready(Ok(count))
    }
}

/// A connection's bytes, counted.
pub(super) struct Gauged<S> {
    io: S,
    gauge: Rc<Gauge>,
    /// What can't be written is forgotten, in the hope of an answer.
    patient: bool,
    /// What was received, and is to be read yet.
    ahead: Option<io::Result<Vec<u8>>>,
}

impl<S> Gauged<S> {
    pub(super) fn new(io: S, gauge: Rc<Gauge>, patient: bool) -> Self {
        Self { io, gauge, patient, ahead: None }
    }

    pub(super) fn into_inner(self) -> S {
        self.io
    }

    /// What was received ahead of who reads it now: at most so many bytes.
    fn take_ahead(&mut self, most: usize) -> Option<io::Result<Vec<u8>>> {
        let mut ahead = self.ahead.take()?;
        if let Ok(data) = &mut ahead
            && data.len() > most
        {
            self.ahead = Some(Ok(data.split_off(most)));
        }
        Some(ahead)
    }

    /// Notes how a write went. One that failed because the peer is gone waits for ever: reading shows what the peer had to
    /// say, and that it is gone.
    fn wrote<T>(&self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.gauge.blocked.set(done.is_pending());
        match done {
            Poll::Ready(Err(error)) if self.patient && is_gone(&error) => {
                self.gauge.broken.replace(Some(error));
                Poll::Pending
            }
            Poll::Ready(Err(error)) => {
                self.gauge.note_failure(&error);
                Poll::Ready(Err(error))
            }
            done => done,
        }
    }

    fn wrote_bytes(&self, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = done {
            self.gauge.sent.set(self.gauge.sent.get() + count as u64);
        }
        self.wrote(done)
    }
}

impl<R: Runtime> Gauged<Io<R>> {
    /// For one on which nothing is asked for: ready when something has come, or the end, or a failure.
    pub(super) fn poll_unasked(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.poll_receive(cx, UNASKED, &mut |_| {})
    }

    /// Ready when there may be something to read.
    pub(super) fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Io::Plain(socket) = &self.io {
            return socket.poll_readable(cx).map(drop); // who reads hears of what went wrong
        }
        if self.ahead.is_none() {
            let mut data = Vec::new();
            let received = ready!(self.poll_receive(cx, AHEAD, &mut |piece| data.extend_from_slice(piece)));
            self.ahead = Some(received.map(|_| data));
        }
        Poll::Ready(())
    }
}

/// Whether `error` says that the peer takes nothing any more.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

impl<S: Receive + Unpin> Read for Gauged<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gauge.fruitless.get() > this.gauge.most {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, Chatter)));
        }
        let most = cursor.remaining();
        if most == 0 {
            return Poll::Ready(Ok(()));
        }
        this.poll_receive(cx, most, &mut |data| cursor.put_slice(data)).map_ok(drop)
    }
}

impl<S: Receive> Receive for Gauged<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        if let Some(ahead) = self.take_ahead(most) {
            return Poll::Ready(ahead.map(|data| {
                take(&data);
                data.len()
            }));
        }
        let Self { io, gauge, .. } = self;
        gauge.poll(cx, |cx| io.poll_receive(cx, most, take))
    }

    fn poll_receive_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        if let Some(ahead) = self.take_ahead(memory.len()) {
            return Poll::Ready(ahead.map(|data| memory[..data.len()].write_copy_of_slice(&data).len()));
        }
        let Self { io, gauge, .. } = self;
        gauge.poll(cx, |cx| io.poll_receive_into(cx, memory))
    }
}

impl<S: Write + Unpin> Write for Gauged<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.gauge.is_broken() {
            return Poll::Pending;
        }
        let done = Pin::new(&mut this.io).poll_write(cx, data);
        this.wrote_bytes(done)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gauge.is_broken() {
            return Poll::Pending;
        }
        let done = Pin::new(&mut this.io).poll_flush(cx);
        this.wrote(done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.gauge.is_broken() {
            return Poll::Pending;
        }
        let done = Pin::new(&mut this.io).poll_write_vectored(cx, data);
        this.wrote_bytes(done)
    }
}
