//! hyper's halves of HTTP/1 connections, between exchanges.
//!
//! hyper's state for one connection has some 27 kB of buffers, and needs them while an answer comes, which is a short time
//! of a connection's life. So it has one only then, and the next connection takes it over.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use hyper::client::conn::http1::{Builder, SendRequest};

use super::gauge::Gauged;
use super::machine::Machine;
use super::outbound::Outbound;
use super::plug::Socket;
use super::settings::Limits;
use crate::error::{Error, Kind};
use crate::io::Io;
use crate::runtime::Runtime;

/// hyper keeps the places of so many fields on the stack; for more it asks the allocator, for each head.
const INLINE_FIELDS: usize = 100;

/// hyper takes no smaller limit for its buffers, in bytes.
const SMALLEST_BUFFER: usize = 8192;

/// How many are kept of each kind.
const MOST: usize = 16;

/// What connections that have nothing under way have left for others.
pub struct Spares<R: Runtime>(Rc<Inner<R>>);

struct Inner<R: Runtime> {
    limits: Limits,
    /// For connections that take several pieces at a time.
    vectored: RefCell<Vec<Engine<R>>>,
    /// For those that don't.
    flat: RefCell<Vec<Engine<R>>>,
}

/// All that hyper has for one connection.
pub(super) struct Engine<R: Runtime> {
    pub(super) sender: SendRequest<Outbound>,
    pub(super) machine: Machine<R>,
    pub(super) socket: Rc<Socket<R>>,
    /// Others may have it after this connection.
    pub(super) sharable: bool,
    vectored: bool,
}

impl<R: Runtime> Spares<R> {
    /// None yet. All connections that share them have these `limits`.
    pub fn new(limits: Limits) -> Self {
        Self(Rc::new(Inner { limits, vectored: RefCell::default(), flat: RefCell::default() }))
    }

    /// A spare one, or else a new one.
    ///
    /// Errors: none that come from a server.
    pub(super) fn take(&self, vectored: bool) -> Result<Engine<R>, Error> {
        let spare = self.kept(vectored).borrow_mut().pop();
        spare.map_or_else(|| self.make(vectored), Ok)
    }

    /// Keeps one that has nothing under way, nor anything in its socket.
    pub(super) fn put(&self, engine: Engine<R>) {
        let kept = &mut *self.kept(engine.vectored).borrow_mut();
        if kept.len() < MOST {
            kept.push(engine);
        }
    }

    fn kept(&self, vectored: bool) -> &RefCell<Vec<Engine<R>>> {
        if vectored { &self.0.vectored } else { &self.0.flat }
    }

    fn make(&self, vectored: bool) -> Result<Engine<R>, Error> {
        let head = self.0.limits.head();
        let mut builder = Builder::new();
        // RFC 9112, 5.2: a user agent takes them, as one line.
        builder.allow_obsolete_multiline_headers_in_responses(true);
        // As everybody writes them, and some servers want them.
        builder.title_case_headers(true);
        builder.max_buf_size(head.max(SMALLEST_BUFFER));
        if self.0.limits.fields > INLINE_FIELDS {
            builder.max_headers(self.0.limits.fields);
        }
        let (socket, plug) = Socket::new(vectored);
        // hyper does not wait for anything here.
        let made = match pin!(builder.handshake(plug)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(made) => made.map_err(|error| Error::from_source(Kind::Disconnected, error)),
            Poll::Pending => Err(Error::new(Kind::Disconnected)),
        };
        let (sender, connection) = made?;
        Ok(Engine { sender, machine: Machine::new(connection), socket, sharable: true, vectored })
    }
}

impl<R: Runtime> Clone for Spares<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Runtime> Engine<R> {
    /// Closes the connection.
    pub(super) fn close(&self) {
        self.machine.close();
        drop(self.socket.take());
    }

    /// Closes the descriptor of a connection that is over.
    pub(super) fn settle(&self) {
        if self.machine.is_over() {
            self.close();
        }
    }

    /// Whether it will never take a request again.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.machine.is_over()
    }

    /// Takes the connection out of it, which has nothing under way. None: they stay together.
    pub(super) fn release(&self) -> Option<Gauged<Io<R>>> {
        (self.machine.rest() && self.sender.is_ready()).then(|| self.socket.take())?
    }
}
