//! When another thread must write to the waker, and when it need not.
//!
//! The driver looks for work, finds none and goes to sleep; meanwhile somebody brings work. Neither
//! may the sleeper miss it, nor should each bringer pay a system call while the driver is awake.
//! One atomic word decides, and loom has tried its interleavings (`tests/loom.rs`).

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

/// The driver runs, and will look at the queue before it sleeps.
const AWAKE: u8 = 0;
/// The driver waits in the selector, or is about to.
const ASLEEP: u8 = 1;
/// Somebody rang since the driver last looked.
const RUNG: u8 = 2;

#[derive(Debug)]
pub struct Doorbell(AtomicU8);

impl Doorbell {
    pub fn new() -> Self {
        Self(AtomicU8::new(AWAKE))
    }

    /// Called after work was brought. True: the driver sleeps, and the caller must write to the
    /// waker (once: who rings next is told false).
    ///
    /// The swap is sequentially consistent and comes after the push, as the driver's own swap comes
    /// before its look at the queue: one of the two sees the other.
    #[must_use]
    pub fn ring(&self) -> bool {
        self.0.swap(RUNG, Ordering::SeqCst) == ASLEEP
    }

    /// The driver has found nothing and wants to sleep. False: somebody rang meanwhile, look again.
    #[must_use]
    pub fn try_sleep(&self) -> bool {
        self.0.compare_exchange(AWAKE, ASLEEP, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The driver is about to look at the queue.
    pub fn wake_up(&self) {
        self.0.swap(AWAKE, Ordering::SeqCst);
    }

    /// Whether the driver waits in the selector. Only a hint, unless something else keeps the
    /// driver from changing it.
    pub fn is_asleep(&self) -> bool {
        self.0.load(Ordering::SeqCst) == ASLEEP
    }
}
