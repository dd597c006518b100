//! The connection that a request has, until it is given back or closed.

use std::mem::MaybeUninit;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Version;
use http_body::Frame;

use crate::conn::{Body, Connection};
use crate::error::{Error, Kind};
use crate::pool::Lease;
use crate::runtime::Runtime;

/// Bytes of an answer that nobody wants which are read all the same, if they are here: cheaper than a new connection.
const SPARE: usize = 64 * 1024;

/// None: it is given back, or closed.
///
/// Dropped, it closes the connection: a request that is given up has left half an answer on it. On HTTP/2 that is its
/// stream; the others of the connection live on.
pub(crate) struct Wire<R: Runtime>(Option<Lease<R, Connection<R>>>);

impl<R: Runtime> Wire<R> {
    pub(crate) fn new(lease: Lease<R, Connection<R>>) -> Self {
        Self(Some(lease))
    }

    /// The connection, while it is this request's.
    pub(crate) fn lease(&mut self) -> Option<&mut Lease<R, Connection<R>>> {
        self.0.as_mut()
    }

    /// The head of the answer is here. Gives the connection back if nothing more will come over it.
    pub(crate) fn head_arrived(&mut self, body: &Body) {
        // HTTP/1 is idle when hyper has the whole body in its hands. HTTP/2 is when there is room for another stream,
        // which says nothing of this one.
        let inline = |lease: &Lease<R, Connection<R>>| lease.version() != Version::HTTP_2 && lease.is_idle();
        if body.is_end_stream() || self.0.as_ref().is_some_and(inline) {
            self.release();
        }
    }

    /// The next frame of the answer.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Body,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Some(lease) => lease.poll_frame(cx, body),
            None => body.poll_frame(cx),
        }
    }

    /// Some bytes of a body that goes [past hyper](Body::past), into `memory`.
    pub(crate) fn poll_into(
        &mut self,
        cx: &mut Context<'_>,
        memory: &mut [MaybeUninit<u8>],
    ) -> Poll<Result<usize, Error>> {
        match &mut self.0 {
            Some(lease) => lease.poll_into(cx, memory),
            None => Poll::Ready(Err(Error::new(Kind::Closed))),
        }
    }

    /// Ready when the client was closed.
    pub(crate) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_ref().map_or(Poll::Pending, |lease| lease.poll_closed(cx))
    }

    /// The request is given up for `error`.
    pub(crate) fn doubt(&self, error: &Error) {
        if let (Some(lease), Kind::Timeout(_, time)) = (&self.0, error.kind()) {
            lease.doubt(*time);
        }
    }

    /// Whether the connection is given back or closed.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.is_none()
    }

    /// The answer is read to its end: the next request may have the connection.
    pub(crate) fn release(&mut self) {
        if let Some(lease) = self.0.take() {
            lease.finish();
        }
    }

    /// Nobody may have it.
    pub(crate) fn close(&mut self) {
        if let Some(lease) = self.0.take() {
            lease.close();
        }
    }

    /// Nobody wants the answer: if the rest of it is here the next request may have the connection, else nobody.
    pub(crate) fn discard(&mut self, body: &mut Body) {
        let Some(lease) = &mut self.0 else { return };
        let mut cx = Context::from_waker(Waker::noop());
        let mut read = 0;
        while read <= SPARE {
            match lease.poll_frame(&mut cx, body) {
                Poll::Ready(None) => return self.release(),
                Poll::Ready(Some(Ok(frame))) => read += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(Some(Err(_))) | Poll::Pending => break,
            }
        }
        self.close();
    }

    /// The lease, which is the caller's from now on.
    pub(crate) fn take(&mut self) -> Option<Lease<R, Connection<R>>> {
        self.0.take()
    }
}
