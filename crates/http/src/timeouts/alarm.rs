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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::Phase;
    use crate::timeouts::Timeouts;
    use crate::world::World;

    proptest! {
        #[test]
        fn it_rings_when_the_time_has_come_and_not_before(steps in prop::collection::vec((0..50_u64, 0..100_u64), 1..50)) {
            let world = World::default();
            let mut alarm = Alarm::new(world.clone());
            for (passed, limit) in steps {
                world.pass(passed);
                let (from, limit) = (world.now() / 2, std::time::Duration::from_millis(limit));
                let timeouts = Timeouts { sock_read: Some(limit), ..Timeouts::none() };
                let deadline = timeouts.deadline(Phase::SockRead, from);
                let rings = world.with(|cx| alarm.poll(cx, deadline)).is_ready();
                let due = deadline.is_some_and(|deadline| deadline.at <= world.now());
                prop_assert_eq!(rings, due);
            }
        }
    }
}
