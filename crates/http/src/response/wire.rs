//! The connection that a request has, until it is given back or closed.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::Version;
use http_body::Frame;

use crate::body::Upload;
use crate::conn::{Body, Connection};
use crate::error::Error;
use crate::pool::Lease;
use crate::runtime::Runtime;

type Leased<R> = Lease<R, Connection<R>>;

/// Bytes of an answer that nobody wants which are read all the same, if they are here: cheaper than a new connection.
const SPARE: usize = 64 * 1024;

/// Dropped, it closes the connection: a request that is given up has left half an answer on it. On HTTP/2 that is its
/// stream; the others of the connection live on.
pub(crate) enum Wire<R: Runtime> {
    /// Whoever waits for the answer drives the connection.
    Own(Leased<R>),
    /// A task does, as the request is not sent yet in full, and nobody may ever read the answer.
    Driven(Rc<Driven<R>>),
    /// It is back, or closed.
    Gone,
}

/// What the task and the reader share.
pub(crate) struct Driven<R: Runtime> {
    /// None while it is polled, so that wakers may do what they like; and when it is over.
    lease: Cell<Option<Leased<R>>>,
    /// The reader is gone.
    abandoned: Cell<bool>,
    /// The task's.
    waker: Cell<Option<Waker>>,
}

impl<R: Runtime> Wire<R> {
    pub(crate) fn new(lease: Leased<R>) -> Self {
        Self::Own(lease)
    }

    /// The connection, until [`head_arrived`](Self::head_arrived).
    pub(crate) fn lease(&mut self) -> Option<&mut Leased<R>> {
        match self {
            Self::Own(lease) => Some(lease),
            Self::Driven(_) | Self::Gone => None,
        }
    }

    /// The head of the answer is here. Gives the connection back if the rest is here too, and has a task drive it if the
    /// request is not sent in full: on HTTP/2 a task does so anyway.
    pub(crate) fn head_arrived(&mut self, runtime: &R, upload: Option<Upload>, body: &Body) {
        let Self::Own(lease) = self else { return };
        let inline = lease.version() != Version::HTTP_2;
        if inline && lease.is_idle() {
            return self.release();
        }
        let sending = upload.is_some_and(|upload| !upload.is_over());
        if body.is_end_stream() && !sending {
            return self.release();
        }
        if inline
            && sending
            && let Some(lease) = self.take()
        {
            let driven = Driven { lease: Cell::new(Some(lease)), abandoned: Cell::new(false), waker: Cell::new(None) };
            let driven = Rc::new(driven);
            *self = Self::Driven(Rc::clone(&driven));
            runtime.spawn(Box::pin(poll_fn(move |cx| driven.poll(cx))));
        }
    }

    /// The next frame of the answer.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Body,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self {
            Self::Own(lease) => lease.poll_frame(cx, body),
            Self::Driven(_) | Self::Gone => body.poll_frame(cx),
        }
    }

    /// Ready when the client was closed.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Own(lease) => lease.poll_closed(cx),
            Self::Driven(driven) => driven.with(|lease| lease.poll_closed(cx)).unwrap_or(Poll::Pending),
            Self::Gone => Poll::Pending,
        }
    }

    /// Whether the connection is given back or closed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }

    /// The answer is read to its end: the next request may have the connection.
    pub(crate) fn release(&mut self) {
        if let Some(lease) = self.take() {
            lease.finish();
        }
    }

    /// Nobody may have it.
    pub(crate) fn close(&mut self) {
        drop(self.take());
    }

    /// Nobody wants the answer: if the rest of it is here the next request may have the connection, else nobody.
    pub(crate) fn discard(&mut self, body: &mut Body) {
        // One that is still being sent to is not worth the wait.
        let Self::Own(lease) = self else { return self.close() };
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
    pub(crate) fn take(&mut self) -> Option<Leased<R>> {
        match std::mem::replace(self, Self::Gone) {
            Self::Own(lease) => Some(lease),
            Self::Driven(driven) => driven.abandon(),
            Self::Gone => None,
        }
    }
}

impl<R: Runtime> Driven<R> {
    /// Sends the rest of a request whose answer has begun, and receives what the reader makes room for. It goes on when
    /// all is sent, as the reader's waker is not the one that the socket knows. Ready when the connection is idle or
    /// closed, or the reader has taken it.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.set(Some(cx.waker().clone()));
        match self.with(|lease| lease.poll_ready(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(idle)) => {
                if let Some(lease) = self.lease.take()
                    && idle
                {
                    lease.finish();
                }
                Poll::Ready(())
            }
            None => Poll::Ready(()),
        }
    }

    /// None: it is gone.
    fn with<T>(&self, use_it: impl FnOnce(&mut Leased<R>) -> T) -> Option<T> {
        let mut lease = self.lease.take()?;
        let used = use_it(&mut lease);
        if !self.abandoned.get() {
            self.lease.set(Some(lease));
        }
        Some(used)
    }

    /// The reader wants no more. The task finds nothing, and ends.
    fn abandon(&self) -> Option<Leased<R>> {
        self.abandoned.set(true);
        let lease = self.lease.take();
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        lease
    }
}
