//! The one timer of a request.

use std::pin::Pin;
use std::task::{Context, Poll};

use rondel_engine::Nanos;

use super::Deadline;
use crate::runtime::Runtime;

/// A timer for a deadline that moves. Later is free: the timer stays where it is, and is set anew when it has rung too
/// early. Only a nearer deadline sets it at once.
pub(crate) struct Alarm<R: Runtime> {
    runtime: R,
    set: Option<(Nanos, R::Sleep)>,
}

impl<R: Runtime> Alarm<R> {
    pub(crate) fn new(runtime: R) -> Self {
        Self { runtime, set: None }
    }

    pub(crate) fn runtime(&self) -> &R {
        &self.runtime
    }

    pub(crate) fn stop(&mut self) {
        self.set = None;
    }

    /// Ready when `deadline` has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<Deadline> {
        let Some(deadline) = deadline else { return Poll::Pending };
        loop {
            let (at, sleep) = match &mut self.set {
                Some(set) if set.0 <= deadline.at => set,
                unset => unset.insert((deadline.at, self.runtime.sleep_until(deadline.at))),
            };
            if Pin::new(sleep).poll(cx).is_pending() {
                return Poll::Pending;
            }
            let rung = *at;
            self.set = None;
            // Some clocks tick coarsely, but a sleep that has ended is not argued with.
            if rung >= deadline.at || self.runtime.now() >= deadline.at {
                return Poll::Ready(deadline);
            }
        }
    }
}
