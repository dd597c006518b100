//! A body that is received straight into the objects that the program gets.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pyo3::prelude::*;
use rondel_http::Incoming;

use super::Body;
use crate::raw::{Growing, Owned};

/// Bytes of a piece at most: for more, glibc asks the system each time.
const PIECE: usize = 120 * 1024;

/// Who wants fewer bytes at a time gets them from a buffer.
pub const LEAST: usize = 8 * 1024;

/// Memory for a whole body, before any of it has come: a server may announce any length. Then it doubles.
const FIRST: usize = 1024 * 1024;

impl Body {
    /// Bytes that are still to come, if they may be received straight to where they are wanted: none waits to be read.
    pub fn direct(&self) -> Option<usize> {
        let rest = self.incoming.borrow().as_ref().and_then(Incoming::direct)?;
        Some(usize::try_from(rest).unwrap_or(usize::MAX))
    }

    /// Makes a bytes object of what comes next of a body of which `rest` bytes come [`directly`](Self::direct): at most
    /// `most` of them. None: there is none, as the body has ended.
    pub fn poll_object(
        &self,
        py: Python<'_>,
        cx: &mut Context<'_>,
        rest: usize,
        most: usize,
    ) -> Poll<PyResult<Option<Owned>>> {
        let mut made = Growing::new(py, most.min(rest.saturating_add(1)).min(PIECE))?;
        ready!(self.poll_into(py, cx, &mut made));
        Poll::Ready(if made.len() == 0 { Ok(None) } else { made.finish(py).map(Some) })
    }

    /// As [`poll_more`](Self::poll_more), for who wants all of a body of which `rest` bytes come
    /// [`directly`](Self::direct). [`take_whole`](Self::take_whole) has it at the end.
    pub fn poll_whole(&self, py: Python<'_>, cx: &mut Context<'_>, rest: usize) -> Poll<PyResult<()>> {
        let mut whole = match self.whole.take() {
            Some(whole) => whole,
            None => self.buffer.take().into_growing(py, rest.saturating_add(1), FIRST)?,
        };
        if whole.room() == 0 {
            let more = rest.saturating_add(1).min(whole.len().max(FIRST));
            whole.resize(py, whole.len().saturating_add(more))?;
        }
        let polled = self.poll_into(py, cx, &mut whole);
        self.whole.replace(Some(whole));
        polled.map(Ok)
    }

    /// The whole body, if [`poll_whole`](Self::poll_whole) has received it.
    pub fn take_whole(&self, py: Python<'_>) -> Option<Growing> {
        if !self.buffer.borrow().is_empty() {
            self.settle(py); // behind what somebody has put back
        }
        self.whole.take()
    }

    /// Nobody wants all of it any more: what has come can be read in pieces.
    pub fn settle(&self, py: Python<'_>) {
        let whole = self.whole.take();
        if let Some(whole) = whole {
            self.buffer.borrow_mut().push(Bytes::copy_from_slice(whole.bytes(py)));
        }
    }

    fn poll_into(&self, py: Python<'_>, cx: &mut Context<'_>, target: &mut Growing) -> Poll<()> {
        self.poll_with(py, cx, |incoming, cx| {
            target.fill(py, |memory| match incoming.poll_into(cx, memory) {
                Poll::Pending => (0, Poll::Pending),
                Poll::Ready(Ok(count)) => (count, Poll::Ready(Some(Ok(count)))),
                Poll::Ready(Err(error)) => (0, Poll::Ready(Some(Err(error)))),
            })
        })
    }
}
