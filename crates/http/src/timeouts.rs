//! How long a request may take, as aiohttp's `ClientTimeout` has it.

mod alarm;
mod clock;

use std::time::Duration;

use rondel_engine::Nanos;

use crate::error::{Error, Kind, Phase};

use alarm::Alarm;
pub(crate) use clock::Clock;

const SECOND: Nanos = 1_000_000_000;

/// The limits of one request. None, and zero: no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start to the end of the body, redirects and retries included.
    pub total: Option<Duration>,
    /// Getting a connection: a free place in the pool, and connecting where none is idle.
    pub connect: Option<Duration>,
    /// Connecting alone, TLS included, once the name is looked up.
    pub sock_connect: Option<Duration>,
    /// Between two pieces of what the server sends, while somebody waits for the next.
    pub sock_read: Option<Duration>,
    /// Limits above this end at a full second of the loop's clock: many timers are then due at once, and the loop wakes
    /// up once for all of them. `sock_read` is always exact.
    pub ceil_threshold: Duration,
}

impl Default for Timeouts {
    /// Five minutes in total, half a minute to connect.
    fn default() -> Self {
        Self {
            total: Some(Duration::from_mins(5)),
            connect: None,
            sock_connect: Some(Duration::from_secs(30)),
            sock_read: None,
            ceil_threshold: Duration::from_secs(5),
        }
    }
}

impl Timeouts {
    /// No limit at all.
    pub fn none() -> Self {
        Self { total: None, connect: None, sock_connect: None, ..Self::default() }
    }

    /// How long `phase` may take.
    fn limit(&self, phase: Phase) -> Option<Duration> {
        let limit = match phase {
            Phase::Total => self.total,
            Phase::Connect => self.connect,
            Phase::SockConnect => self.sock_connect,
            Phase::SockRead => self.sock_read,
        };
        limit.filter(|limit| !limit.is_zero())
    }

    /// When `phase`, which begins at `from`, has taken too long.
    pub(crate) fn deadline(&self, phase: Phase, from: Nanos) -> Option<Deadline> {
        let limit = self.limit(phase)?;
        let exact = from.saturating_add(Nanos::try_from(limit.as_nanos()).unwrap_or(Nanos::MAX));
        let at = if phase != Phase::SockRead && limit > self.ceil_threshold {
            exact.div_ceil(SECOND).saturating_mul(SECOND)
        } else {
            exact
        };
        Some(Deadline { at, phase, limit })
    }
}

/// A limit that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// On the loop's clock.
    pub(crate) at: Nanos,
    phase: Phase,
    limit: Duration,
}

impl Deadline {
    /// What is said when it has passed.
    pub(crate) fn error(&self) -> Error {
        Error::new(Kind::Timeout(self.phase, self.limit))
    }

    /// The nearer of two; the first if they end together.
    pub(crate) fn nearer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if other.at < one.at { other } else { one }),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn total(seconds: f64) -> Timeouts {
        Timeouts { total: Some(Duration::from_secs_f64(seconds)), ..Timeouts::none() }
    }

    fn at(timeouts: &Timeouts, from: Nanos) -> Option<Nanos> {
        timeouts.deadline(Phase::Total, from).map(|deadline| deadline.at)
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(at(&total(0.0), 7), None);
        assert_eq!(at(&Timeouts::none(), 7), None);
    }

    #[test]
    fn long_limits_end_at_a_full_second() {
        let from = 3 * SECOND + 1;
        assert_eq!(at(&total(5.0), from), Some(8 * SECOND + 1));
        assert_eq!(at(&total(5.5), from), Some(9 * SECOND));
        assert_eq!(at(&total(6.0), from), Some(10 * SECOND));
        assert_eq!(at(&total(6.0), 3 * SECOND), Some(9 * SECOND));
    }

    #[test]
    fn pieces_are_timed_exactly() {
        let timeouts = Timeouts { sock_read: Some(Duration::from_mins(1)), ..Timeouts::none() };
        assert_eq!(timeouts.deadline(Phase::SockRead, 1).map(|deadline| deadline.at), Some(60 * SECOND + 1));
    }

    #[test]
    fn the_end_of_the_clock_is_the_end() {
        let timeouts = Timeouts { total: Some(Duration::MAX), ..Timeouts::none() };
        assert_eq!(at(&timeouts, 1), Some(Nanos::MAX));
    }

    #[test]
    fn the_nearer_deadline_counts() {
        let timeouts = Timeouts { connect: Some(Duration::from_secs(1)), ..total(2.0) };
        let (long, short) = (timeouts.deadline(Phase::Total, 0), timeouts.deadline(Phase::Connect, 0));
        assert_eq!(Deadline::nearer(long, short), short);
        assert_eq!(Deadline::nearer(short, long), short);
        assert_eq!(Deadline::nearer(None, long), long);
        assert_eq!(Deadline::nearer(long, None), long);
        assert_eq!(Deadline::nearer(None, None), None);
    }

    proptest! {
        #[test]
        fn never_early_and_less_than_a_second_late(from in 0..u64::from(u32::MAX) * SECOND, millis in 1..1_000_000u64) {
            let limit = Duration::from_millis(millis);
            let timeouts = Timeouts { total: Some(limit), ..Timeouts::none() };
            let exact = from + millis * 1_000_000;
            let at = at(&timeouts, from).ok_or_else(|| TestCaseError::fail("a limit gives a deadline"))?;
            prop_assert!(exact <= at && at < exact + SECOND);
            prop_assert!(limit > timeouts.ceil_threshold || at == exact);
        }
    }
}
