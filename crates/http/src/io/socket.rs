//! A connected socket.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::Write;

use crate::io::Receive;
use crate::runtime::{Direction, Runtime, Source};

/// Bytes that one receive takes at most.
const RECEIVE: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread receive into this: what has arrived is copied from here to where it is wanted. A copy of
    /// what the cache holds anyway costs less than memory of its own for each connection that waits.
    static BUFFER: RefCell<Box<[MaybeUninit<u8>]>> = RefCell::new(Box::new_uninit_slice(RECEIVE));
}

/// A connection, over TCP or a Unix socket, that the loop watches. Dropping it closes it.
#[derive(Debug)]
pub struct Socket<R: Runtime> {
    source: R::Source, // before what owns the descriptor
    socket: rondel_net::Socket,
}

impl<R: Runtime> Socket<R> {
    /// Has the loop watch `socket`.
    pub fn new(runtime: &R, socket: impl Into<rondel_net::Socket>) -> Self {
        let socket = socket.into();
        Self { source: runtime.watch(socket.as_raw_fd()), socket }
    }

    /// This end; none for a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.socket.local_addr()
    }

    /// The other end; none for a Unix socket.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.socket.peer_addr()
    }

    /// Ready when there may be something to receive.
    ///
    /// Errors: the loop can't watch the socket, or is closed.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.source.poll_ready(cx, Direction::Read)
    }

    /// Does `attempt` as soon as it need not block.
    fn poll_attempt<T>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut attempt: impl FnMut(&rondel_net::Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(self.source.poll_ready(cx, direction))?;
            match attempt(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.source.clear(direction),
                done => return Poll::Ready(done),
            }
        }
    }

    /// So many bytes were received where `wanted` would have been.
    fn note(&self, received: usize, wanted: usize) {
        if received != 0 && received < wanted {
            self.source.clear(Direction::Read); // that was all
        }
    }

    /// As much as the kernel takes of `length` bytes.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        length: usize,
        send: impl FnMut(&rondel_net::Socket) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let taken = ready!(self.poll_attempt(cx, Direction::Write, send))?;
        if taken < length {
            self.source.clear(Direction::Write); // the kernel's buffer is full
        }
        Poll::Ready(Ok(taken))
    }
}

impl<R: Runtime> Receive for Socket<R> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let wanted = most.min(RECEIVE);
        BUFFER.with_borrow_mut(|buffer| {
            let received = ready!(self.poll_attempt(cx, Direction::Read, |socket| {
                let data = socket.recv(&mut buffer[..wanted])?;
                take(data);
                Ok(data.len())
            }))?;
            self.note(received, wanted);
            Poll::Ready(Ok(received))
        })
    }

    /// Without the thread's buffer.
    fn poll_receive_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        let receive = |socket: &rondel_net::Socket| socket.recv(memory).map(|data| data.len());
        let received = ready!(self.poll_attempt(cx, Direction::Read, receive))?;
        self.note(received, memory.len());
        Poll::Ready(Ok(received))
    }
}

impl<R: Runtime> Write for Socket<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, data.len(), |socket| socket.send(data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // nothing is kept back here
    }

    /// Ends the writing half; the descriptor is closed when the socket is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket.shut_down_writing() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()), // the peer was faster
            ended => ended,
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|slice| slice.len()).sum();
        self.poll_send(cx, length, |socket| socket.send_vectored(data))
    }
}
