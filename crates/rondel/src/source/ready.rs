//! Waiting for one direction.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Direction, Source};

/// Waits until one direction of a source may be ready.
pub(crate) struct Ready<'a> {
    source: &'a Source,
    direction: Direction,
    /// Among the waiters.
    place: Option<usize>,
}

impl<'a> Ready<'a> {
    pub(super) fn new(source: &'a Source, direction: Direction) -> Self {
        Self { source, direction, place: None }
    }
}

impl Future for Ready<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let side = self.source.state.side(self.direction);
        if side.maybe_ready() {
            if self.source.shared.spend() {
                return Poll::Ready(Ok(()));
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.place = Some(side.wait(self.place, cx.waker().clone()));
        match self.source.arm(self.direction) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.source.state.side(self.direction).leave(place);
        }
    }
}
