//! Time as a parameter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Nanoseconds since some fixed point of a [`Clock`]; only differences mean something.
pub type Nanos = u64;

/// Where a driver's time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// `CLOCK_MONOTONIC`, the clock of Python's `time.monotonic()`.
    #[default]
    Real,
    /// Time that stands still while anything is ready and jumps to the next timer when nothing is:
    /// for tests that finish at once. Its clones show the same time.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// A virtual clock that begins at zero.
    pub fn new_virtual() -> Self {
        Self::Virtual(Arc::default())
    }

    /// The time now.
    #[inline]
    pub fn now(&self) -> Nanos {
        match self {
            Self::Real => rondel_sys::time::monotonic_ns(),
            Self::Virtual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Whether time jumps instead of passing.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Moves a virtual clock forward to `at`; the real one moves by itself.
    pub(crate) fn advance_to(&self, at: Nanos) {
        if let Self::Virtual(now) = self {
            now.fetch_max(at, Ordering::Relaxed);
        }
    }
}
