//! What a request sends.

mod channel;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

pub use channel::{BodySender, Receiver, Refused, channel};

/// The body of a request.
#[derive(Debug, Default)]
pub enum RequestBody {
    /// None.
    #[default]
    Empty,
    /// All of it at once.
    Whole(Bytes),
    /// Piece by piece, from a [`BodySender`].
    Channel(Receiver),
}

impl RequestBody {
    /// The same body, to be sent once more. None: its pieces come from elsewhere and are gone when they are sent.
    pub fn try_clone(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Whole(data) => Some(Self::Whole(data.clone())),
            Self::Channel(_) => None,
        }
    }

    /// Bytes that are left to send. None: it is known when they have been sent.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Whole(data) => Some(data.len() as u64),
            Self::Channel(receiver) => receiver.length(),
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(data: Bytes) -> Self {
        if data.is_empty() { Self::Empty } else { Self::Whole(data) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Self::Channel(receiver) = &mut *self {
            return receiver.poll_data(cx).map(|data| data.map(|data| data.map(Frame::data)));
        }
        Poll::Ready(match std::mem::take(&mut *self) {
            Self::Whole(data) => Some(Ok(Frame::data(data))),
            Self::Empty | Self::Channel(_) => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(_) => false,
            Self::Channel(receiver) => receiver.is_at_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Why a body can't be sent to its end.
#[derive(Debug)]
pub enum BodyError {
    /// Who produces it says so.
    Failed(Box<dyn StdError + Send + Sync>),
    /// Its sender is gone without having finished it.
    Abandoned,
    /// It ended so many bytes before the length that was announced.
    Short(u64),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => write!(f, "{cause}"),
            Self::Abandoned => f.write_str("whoever produced it has stopped before its end"),
            Self::Short(missing) => write!(f, "it ended {missing} bytes before its announced length"),
        }
    }
}

impl StdError for BodyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Failed(cause) => Some(&**cause),
            Self::Abandoned | Self::Short(_) => None,
        }
    }
}
