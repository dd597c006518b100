//! Who may still push: everybody until the driver closes, nobody afterwards.
//!
//! A flag alone is not enough: it may be set between a pusher's look at it and its push, and the item would lie in a
//! queue that nobody empties any more. So pushes under way are counted, and the closing side waits for them; each
//! lasts no longer than one push to a lock-free queue.

use crate::sync::{AtomicUsize, Ordering, yield_now};

const CLOSED: usize = 1;
const ONE_INSIDE: usize = 2;

/// The pushes under way, in steps of [`ONE_INSIDE`], and the [`CLOSED`] flag.
#[derive(Debug)]
pub struct Gate(AtomicUsize);

impl Gate {
    pub fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Begins a push, or says that it is too late. Who was let in must [`leave`](Self::leave).
    #[must_use]
    pub fn enter(&self) -> bool {
        // Who comes late looks only: a stream of latecomers must not keep `wait_until_empty` from its end.
        if self.is_closed() {
            return false;
        }
        let before = self.0.fetch_add(ONE_INSIDE, Ordering::AcqRel);
        if before & CLOSED != 0 {
            self.leave();
            return false;
        }
        true
    }

    /// Ends a push: what it wrote is seen by whoever finds the gate empty.
    pub fn leave(&self) {
        self.0.fetch_sub(ONE_INSIDE, Ordering::Release);
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    pub fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CLOSED != 0
    }

    /// Waits until the pushes that were under way when the gate closed have ended.
    pub fn wait_until_empty(&self) {
        while self.0.load(Ordering::Acquire) >= ONE_INSIDE {
            yield_now();
        }
    }
}
