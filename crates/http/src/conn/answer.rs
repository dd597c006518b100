//! The body of an answer.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;

use super::failure;
use crate::error::{Error, Kind};

/// The body of one answer, as it arrives. Its connection must be polled for it to arrive:
/// [`Connection::poll_frame`](super::Connection::poll_frame) does both.
pub struct Body {
    incoming: Incoming,
    http2: bool,
    /// What had come with the head.
    early: Option<hyper::Result<Bytes>>,
    /// Bytes that are still to be received past hyper.
    past: Option<Rc<Cell<u64>>>,
}

impl Body {
    pub(super) fn http1(incoming: Incoming) -> Self {
        Self { incoming, http2: false, early: None, past: None }
    }

    pub(super) fn http2(incoming: Incoming) -> Self {
        Self { incoming, http2: true, early: None, past: None }
    }

    /// Whether nothing of it is left. Not always known before [`poll_frame`](Self::poll_frame) has given `None`.
    pub fn is_end_stream(&self) -> bool {
        self.early.is_none() && self.past.as_ref().map_or_else(|| self.incoming.is_end_stream(), |rest| rest.get() == 0)
    }

    /// Bytes that are left, if the server has announced how many there are.
    pub fn length(&self) -> Option<u64> {
        let rest = self.past.as_ref().map(|rest| rest.get()).or_else(|| self.incoming.size_hint().exact())?;
        let early = self.early.as_ref().and_then(|early| early.as_ref().ok()).map_or(0, Bytes::len);
        Some(rest + early as u64)
    }

    /// Bytes that are to be received past hyper, once what came before them was taken; none if hyper has to do with it.
    pub fn past(&self) -> Option<u64> {
        self.past.as_ref().filter(|_| self.early.is_none()).map(|rest| rest.get())
    }

    /// From now on, what is to come is `read`, which hyper has read already, and what it does not see. Gives the number of
    /// those bytes, to be counted down, and whether hyper has read no more than the body.
    pub(super) fn go_past(&mut self, mut read: Bytes) -> (Rc<Cell<u64>>, bool) {
        let rest = self.incoming.size_hint().exact().unwrap_or(0);
        let all = usize::try_from(rest).unwrap_or(usize::MAX);
        let clean = read.len() <= all;
        read.truncate(all);
        let past = Rc::new(Cell::new(rest - read.len() as u64));
        self.past = Some(Rc::clone(&past));
        if !read.is_empty() {
            self.early = Some(Ok(match self.early.take() {
                Some(Ok(early)) => [&early[..], &read[..]].concat().into(),
                _ => read,
            }));
        }
        (past, clean)
    }

    /// Takes what hyper has of it by now. Gives how much is to come, if that is known and nothing has failed.
    pub(super) fn look(&mut self) -> Option<u64> {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(Some(frame)) = Pin::new(&mut self.incoming).poll_frame(&mut cx) {
            let data = frame.map(|frame| frame.into_data().unwrap_or_default());
            self.early = Some(data);
        }
        let failed = self.early.as_ref().is_some_and(Result::is_err);
        self.incoming.size_hint().exact().filter(|_| !failed)
    }

    /// The next frame, of a body that has arrived already, or whose connection somebody else polls.
    ///
    /// Errors: [`Kind::Payload`] when it ends too early, or is no HTTP.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Poll::Ready(match ready!(self.poll_inner(cx)) {
            Some(frame) => Some(frame.map_err(|error| failure::of_body(&error, &mut None))),
            // A stream that the server has reset without calling it an error (RFC 9113, 8.1) has ended well only if it
            // had ended before.
            None if self.http2 && !self.is_end_stream() => {
                Some(Err(Error::new(Kind::Payload("the stream was reset before its end".to_owned()))))
            }
            None => None,
        })
    }

    /// hyper's next frame.
    pub(super) fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        if let Some(early) = self.early.take() {
            return Poll::Ready(Some(early.map(Frame::data)));
        }
        if self.past.as_ref().is_some_and(|rest| rest.get() == 0) {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.incoming).poll_frame(cx)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}
