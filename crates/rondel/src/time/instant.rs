//! Points in time.

use std::ops::{Add, Sub};
use std::time::Duration;

use rondel_engine::Nanos;

use crate::shared::Shared;

/// A point in time on the clock of a runtime, to the nanosecond. With a virtual clock it moves as that
/// does, which `std::time::Instant` can't.
///
/// ```
/// use std::time::Duration;
/// use rondel::{Builder, Clock, Instant, sleep};
///
/// let runtime = Builder::new().clock(Clock::new_virtual()).build()?;
/// runtime.run(async {
///     let start = Instant::now();
///     sleep(Duration::from_secs(60)).await;
///     assert_eq!(start.elapsed(), Duration::from_secs(60));
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub(super) Nanos);

impl Instant {
    /// Now, on the clock of the loop that runs on this thread.
    ///
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[track_caller]
    pub fn now() -> Self {
        Self::of(&Shared::current("rondel::Instant::now"))
    }

    /// The clock's own count.
    pub(crate) fn at(nanos: Nanos) -> Self {
        Self(nanos)
    }

    pub(super) fn of(shared: &Shared) -> Self {
        Self(shared.driver.borrow().now())
    }

    /// How long ago this was; nothing, if it is yet to come.
    ///
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[track_caller]
    pub fn elapsed(self) -> Duration {
        Self::of(&Shared::current("rondel::Instant::elapsed")) - self
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// What lies beyond the end of the clock (584 years after its start) is the end of the clock.
    fn add(self, duration: Duration) -> Self {
        let nanos = Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time from `earlier` to this; nothing, if `earlier` is the later one.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
