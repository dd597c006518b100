//! Time on the loop's clock.

mod instant;
mod sleep;
mod timeout;

pub use instant::Instant;
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
