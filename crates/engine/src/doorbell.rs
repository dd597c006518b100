//! When another thread must write to the waker, and when it need not.
//!
//! The driver looks for work, finds none and goes to sleep; meanwhile somebody brings work. Neither may the sleeper
//! miss it, nor should each bringer pay a system call while the driver is awake. One atomic word decides, and loom has
//! tried its interleavings (`tests/loom.rs`).
//!
//! Each change of the word is one read-modify-write, so that all of them stand in one order. A ring either comes
//! before the driver's attempt to sleep, which then fails, or after it, and then finds the driver asleep.

use crate::sync::{AtomicU8, Ordering};

/// The driver runs, and will ask whether somebody rang before it sleeps.
const AWAKE: u8 = 0;
/// The driver waits in the selector, or is about to.
const ASLEEP: u8 = 1;
/// Somebody rang since the driver last asked.
const RUNG: u8 = 2;

#[derive(Debug)]
pub struct Doorbell(AtomicU8);

impl Doorbell {
    pub fn new() -> Self {
        Self(AtomicU8::new(AWAKE))
    }

    /// Called after work was brought. True: the driver sleeps, and the caller must write to the waker (once: who rings
    /// next is told false).
    #[must_use]
    pub fn ring(&self) -> bool {
        self.0.swap(RUNG, Ordering::AcqRel) == ASLEEP
    }

    /// The driver has found nothing and wants to sleep. False: somebody rang meanwhile, look again.
    #[must_use]
    pub fn try_sleep(&self) -> bool {
        self.0.compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The driver is awake, and asks whether somebody rang since it last asked. True: what they brought before they
    /// rang can be seen now.
    #[must_use]
    pub fn answer(&self) -> bool {
        // Most turns find the word as they left it. A ring that this look is too early for is not lost: it stays in
        // the word until the next turn, which cannot sleep before it has answered.
        self.0.load(Ordering::Acquire) != AWAKE && self.0.swap(AWAKE, Ordering::AcqRel) == RUNG
    }

    /// Whether somebody rang since the driver last asked. A ring that this look is too early for stays in the word.
    pub fn is_rung(&self) -> bool {
        self.0.load(Ordering::Acquire) == RUNG
    }

    /// Whether the driver waits in the selector. Only a hint, unless something else keeps the driver from changing it.
    pub fn is_asleep(&self) -> bool {
        self.0.load(Ordering::Acquire) == ASLEEP
    }
}
