//! A connected socket as hyper reads and writes it.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use rondel_net::Stream;

use crate::runtime::{Direction, Runtime, Source};

/// Bytes that one receive takes at most.
const RECEIVE: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread receive into this: what has arrived is copied from here to where hyper wants it. A copy of
    /// what the cache holds anyway costs less than memory of its own for each connection that waits.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; RECEIVE].into_boxed_slice());
}

/// A TCP connection that the loop watches. Dropping it closes it.
#[derive(Debug)]
pub struct Socket<R: Runtime> {
    source: R::Source, // before what owns the descriptor
    stream: Stream,
}

impl<R: Runtime> Socket<R> {
    /// Has the loop watch `stream`.
    pub fn new(runtime: &R, stream: Stream) -> Self {
        Self { source: runtime.watch(stream.as_raw_fd()), stream }
    }

    /// Does `attempt` as soon as it need not block.
    fn poll_attempt<T>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut attempt: impl FnMut(&Stream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(self.source.poll_ready(cx, direction))?;
            match attempt(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.source.clear(direction),
                done => return Poll::Ready(done),
            }
        }
    }

    /// As much as the kernel takes of `length` bytes.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        length: usize,
        send: impl FnMut(&Stream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let taken = ready!(self.poll_attempt(cx, Direction::Write, send))?;
        if taken < length {
            self.source.clear(Direction::Write); // the kernel's buffer is full
        }
        Poll::Ready(Ok(taken))
    }
}

impl<R: Runtime> Read for Socket<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let wanted = cursor.remaining().min(RECEIVE);
        BUFFER.with_borrow_mut(|buffer| {
            let buffer = &mut buffer[..wanted];
            let received = ready!(self.poll_attempt(cx, Direction::Read, |stream| stream.recv(buffer)))?;
            if received != 0 && received < wanted {
                self.source.clear(Direction::Read); // that was all
            }
            cursor.put_slice(&buffer[..received]);
            Poll::Ready(Ok(()))
        })
    }
}

impl<R: Runtime> Write for Socket<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, data.len(), |stream| stream.send(data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // nothing is kept back here
    }

    /// Ends the writing half; the descriptor is closed when the socket is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.stream.shutdown(Shutdown::Write) {
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
        self.poll_send(cx, length, |stream| stream.send_vectored(data))
    }
}
