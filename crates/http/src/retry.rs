//! Whether a request is tried again, and when.

mod after;
mod budget;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method};

use crate::error::{Error, Kind, Phase};

pub use budget::Budget;

/// Methods that may be repeated without harm (RFC 9110, 9.2.2).
pub(crate) const IDEMPOTENT: [Method; 6] =
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::TRACE];

/// A policy of trying again: exponential backoff with jitter, and the server's own word (`Retry-After`) above it.
#[derive(Clone, Debug)]
pub struct Retry {
    /// How often a request is tried, the first time included.
    pub attempts: u32,
    /// The delay before the second attempt.
    pub backoff: Duration,
    /// What the delay is multiplied by from one attempt to the next.
    pub factor: f64,
    /// Which part of each delay is left to chance, from 0 to 1: at 0.5 the delay is between half and all of it.
    pub jitter: f64,
    /// No delay is longer. A server that asks for more is not asked again.
    pub max_delay: Duration,
    /// Statuses that are worth another attempt.
    pub statuses: Vec<u16>,
    /// Methods that may be repeated. None: the idempotent ones.
    pub methods: Option<Vec<Method>>,
    /// What limits the retries of all requests together. None: nothing does.
    pub budget: Option<Budget>,
}

impl Default for Retry {
    /// Three attempts, one and two seconds apart less up to half, for GET and its like.
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_secs(1),
            factor: 2.0,
            jitter: 0.5,
            max_delay: Duration::from_mins(1),
            statuses: vec![408, 429, 500, 502, 503, 504],
            methods: None,
            budget: None,
        }
    }
}

impl Retry {
    /// How long to wait before the next attempt, after attempt number `attempt` (from 1) was answered by `status`.
    /// `random` is uniform over all `u64`. None: the answer stands.
    pub fn after_status(
        &self,
        attempt: u32,
        method: &Method,
        status: u16,
        headers: &HeaderMap,
        now: SystemTime,
        random: u64,
    ) -> Option<Duration> {
        if !self.statuses.contains(&status) || !self.allows(attempt, method) {
            return None;
        }
        let delay = match after::retry_after(headers, now) {
            Some(asked) if asked > self.max_delay => return None,
            Some(asked) => asked,
            None => self.delay(attempt, random),
        };
        self.spend().then_some(delay)
    }

    /// As [`after_status`](Self::after_status), after attempt number `attempt` failed with `error`.
    pub fn after_error(&self, attempt: u32, method: &Method, error: &Error, random: u64) -> Option<Duration> {
        (is_transient(error) && self.allows(attempt, method) && self.spend()).then(|| self.delay(attempt, random))
    }

    /// To be called for each request, before its first attempt: requests earn the right to retries.
    pub fn begin(&self) {
        if let Some(budget) = &self.budget {
            budget.earn();
        }
    }

    fn allows(&self, attempt: u32, method: &Method) -> bool {
        attempt < self.attempts && self.methods.as_deref().unwrap_or(&IDEMPOTENT).contains(method)
    }

    fn spend(&self) -> bool {
        self.budget.as_ref().is_none_or(Budget::spend)
    }

    /// The delay after attempt number `attempt`, never more than the longest.
    fn delay(&self, attempt: u32, random: u64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max_delay.as_secs_f64();
        let full = (self.backoff.as_secs_f64() * self.factor.powi(exponent)).min(longest);
        let part = 1.0 - self.jitter.clamp(0.0, 1.0) * unit(random);
        // Not a number, negative or endless: settings that mean nothing are settings that mean no delay.
        Duration::try_from_secs_f64(full * part).unwrap_or_default().min(self.max_delay)
    }
}

/// Uniform from 0 to 1, 1 excluded.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// Whether the next attempt may fare better. What the user did wrong stays wrong, so does a certificate; and the total
/// time is up for all attempts together.
fn is_transient(error: &Error) -> bool {
    match error.kind() {
        Kind::Lookup | Kind::Connect | Kind::Disconnected | Kind::Io => true,
        Kind::Timeout(phase, _) => *phase != Phase::Total,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
