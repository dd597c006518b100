//! The rest of a long body, received past hyper.
//!
//! hyper reads into memory of its own, piece by piece, from which each piece is copied to where it is wanted. Of a body
//! whose length is known it does nothing but count the bytes. So the connection is taken out of its hands once the head of
//! such an answer is there, the bytes are counted here and received straight to where they are wanted, and behind the last
//! one the connection is as one that was just opened.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, Response, Version};

use super::Body;
use super::gauge::Gauged;
use crate::error::{Error, Kind};
use crate::io::Receive;

/// Fewer bytes are left to hyper: to begin anew costs more than a copy of them.
pub(super) const LEAST: u64 = 16 * 1024;

/// Bytes that are received at a time for who has no memory for them.
const PIECE: usize = 64 * 1024;

/// A connection, in the middle of a body.
pub(super) struct Past<S> {
    io: Gauged<S>,
    /// Bytes of the body that are to come; the body has the same number.
    rest: Rc<Cell<u64>>,
    /// The next request may have the connection.
    pub(super) keeps: bool,
}

impl<S: Receive + Unpin> Past<S> {
    pub(super) fn new(io: Gauged<S>, rest: Rc<Cell<u64>>, keeps: bool) -> Self {
        Self { io, rest, keeps }
    }

    /// Whether all of the body has come.
    pub(super) fn is_done(&self) -> bool {
        self.rest.get() == 0
    }

    /// Whether nobody wants the body any more.
    pub(super) fn is_given_up(&self) -> bool {
        Rc::strong_count(&self.rest) == 1
    }

    pub(super) fn into_io(self) -> Gauged<S> {
        self.io
    }

    /// Receives into `memory`, which is not empty; at least one byte. Gives the number of bytes from its start that are filled.
    ///
    /// Errors: [`Kind::Payload`] when the body ends too early.
    pub(super) fn poll_into(
        &mut self,
        cx: &mut Context<'_>,
        memory: &mut [MaybeUninit<u8>],
    ) -> Poll<Result<usize, Error>> {
        let most = self.bound(memory.len());
        let filled = ready!(self.io.poll_receive_into(cx, &mut memory[..most]));
        Poll::Ready(self.note(filled))
    }

    /// As [`poll_into`](Self::poll_into), into new memory.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Error>> {
        let mut piece = Vec::new();
        let most = self.bound(PIECE);
        let received = ready!(self.io.poll_receive(cx, most, &mut |data| piece.extend_from_slice(data)));
        Poll::Ready(self.note(received).map(|own| {
            piece.truncate(own);
            piece.into()
        }))
    }

    /// So many bytes of `most` are received: one more than is to come, so that it is known whether something stands behind
    /// the body, and that nothing more is to be had for now.
    fn bound(&self, most: usize) -> usize {
        usize::try_from(self.rest.get()).map_or(most, |rest| rest.saturating_add(1).min(most))
    }

    /// Gives how many of the bytes that were received are the body's.
    fn note(&mut self, received: io::Result<usize>) -> Result<usize, Error> {
        match received {
            Ok(0) => Err(Error::new(Kind::Payload("the connection ended before the body".to_owned()))),
            Ok(count) => {
                let rest = self.rest.get();
                let own = usize::try_from(rest).map_or(count, |rest| rest.min(count));
                self.keeps &= own == count;
                self.rest.set(rest - own as u64);
                Ok(own)
            }
            Err(error) if error.raw_os_error().is_some() => {
                Err(Error::from_source(Kind::Payload("the connection failed".to_owned()), error))
            }
            Err(error) => Err(Error::new(Kind::Payload(error.to_string()))),
        }
    }
}

/// Whether `answer` leaves the connection to others behind its body (RFC 9112, 9.3); none: that is hyper's to say.
pub(super) fn keeps(answer: &Response<Body>) -> Option<bool> {
    (answer.version() == Version::HTTP_11).then(|| !closes(answer.headers()))
}

/// Whether `Connection: close` is among them.
pub(super) fn closes(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CONNECTION);
    let mut options = lines.iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}
