//! What a connection becomes when it speaks HTTP no more.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::io::{Endpoints, Io, Receive};
use crate::runtime::Runtime;

/// The bytes of a connection after `101 Switching Protocols`, or in a tunnel. Dropping it closes it.
pub struct Upgraded<R: Runtime> {
    io: Io<R>,
    /// What came with the head.
    early: Bytes,
    endpoints: Rc<Endpoints>,
}

impl<R: Runtime> Upgraded<R> {
    pub(super) fn new(io: Io<R>, early: Bytes, endpoints: Rc<Endpoints>) -> Self {
        Self { io, early, endpoints }
    }

    /// Who is at the two ends.
    pub fn endpoints(&self) -> &Rc<Endpoints> {
        &self.endpoints
    }

    /// What is below, and what was read of it already.
    pub fn into_parts(self) -> (Io<R>, Bytes) {
        (self.io, self.early)
    }
}

impl<R: Runtime> Receive for Upgraded<R> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        if self.early.is_empty() {
            return self.io.poll_receive(cx, most, take);
        }
        let length = self.early.len().min(most);
        take(&self.early[..length]);
        self.early.advance(length);
        Poll::Ready(Ok(length))
    }
}

impl<R: Runtime> Read for Upgraded<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let most = cursor.remaining();
        if most != 0 {
            ready!(self.get_mut().poll_receive(cx, most, &mut |data| cursor.put_slice(data)))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Runtime> Write for Upgraded<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
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
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, data)
    }
}
