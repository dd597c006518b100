//! Where a connection's bytes go in and out of hyper, and can be taken out again.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};

use super::gauge::Gauged;
use crate::io::Io;
use crate::runtime::Runtime;

/// What hyper takes for a connection: that which is in the [`Socket`].
pub(super) struct Plug<R: Runtime>(Rc<Socket<R>>);

/// The other end of a [`Plug`]. Empty, it lets hyper wait.
pub(super) struct Socket<R: Runtime> {
    inside: RefCell<Option<Gauged<Io<R>>>>,
    /// Bytes that hyper is about to write, which the server has already.
    sent: Cell<usize>,
    /// These are all that it will write.
    alone: Cell<bool>,
    /// Whether it is worth while to write several pieces at a time.
    vectored: bool,
}

impl<R: Runtime> Socket<R> {
    /// Both ends, empty, for connections that take several pieces at a time, or none of those.
    pub(super) fn new(vectored: bool) -> (Rc<Self>, Plug<R>) {
        let socket = Self { inside: RefCell::new(None), sent: Cell::new(0), alone: Cell::new(false), vectored };
        let socket = Rc::new(socket);
        (Rc::clone(&socket), Plug(socket))
    }

    /// Puts a connection in, for a request of which the server has the first `sent` bytes; if `alone`, hyper writes so many
    /// and no more. Nothing is read before they are written.
    pub(super) fn insert(&self, io: Gauged<Io<R>>, sent: usize, alone: bool) {
        self.sent.set(sent);
        self.alone.set(alone);
        self.inside.replace(Some(io));
    }

    /// Takes the connection out, unless hyper is at it just now.
    pub(super) fn take(&self) -> Option<Gauged<Io<R>>> {
        self.inside.try_borrow_mut().ok()?.take()
    }

    /// Whether hyper has written what the server has already.
    pub(super) fn has_caught_up(&self) -> bool {
        self.sent.get() == 0
    }

    fn with<T>(&self, act: impl FnOnce(Pin<&mut Gauged<Io<R>>>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.inside.borrow_mut() {
            Some(io) => act(Pin::new(io)),
            None => Poll::Pending,
        }
    }

    /// Takes what the server has already. None: `length` bytes are new to it.
    fn catch_up(&self, length: usize) -> Option<Poll<io::Result<usize>>> {
        let sent = self.sent.get();
        if sent == 0 {
            return None;
        }
        if self.alone.get() && length != sent {
            // Never: but what is meant for one server must not get to another.
            return Some(Poll::Ready(Err(io::ErrorKind::InvalidData.into())));
        }
        let length = length.min(sent);
        self.sent.set(sent - length);
        Some(Poll::Ready(Ok(length)))
    }
}

impl<R: Runtime> Read for Plug<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.0.has_caught_up() { self.0.with(|io| io.poll_read(cx, cursor)) } else { Poll::Pending }
    }
}

impl<R: Runtime> Write for Plug<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.catch_up(data.len()).unwrap_or_else(|| self.0.with(|io| io.poll_write(cx, data)))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.with(|io| io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.with(|io| io.poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.vectored
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|slice| slice.len()).sum();
        self.0.catch_up(length).unwrap_or_else(|| self.0.with(|io| io.poll_write_vectored(cx, data)))
    }
}
