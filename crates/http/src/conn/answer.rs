//! The body of an answer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
}

impl Body {
    pub(super) fn http1(incoming: Incoming) -> Self {
        Self { incoming, http2: false }
    }

    pub(super) fn http2(incoming: Incoming) -> Self {
        Self { incoming, http2: true }
    }

    /// Whether nothing of it is left. Not always known before [`poll_frame`](Self::poll_frame) has given `None`.
    pub fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Bytes that are left, if the server has announced how many there are.
    pub fn length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
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
        Pin::new(&mut self.incoming).poll_frame(cx)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}
