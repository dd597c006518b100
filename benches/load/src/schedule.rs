//! When each message of an open loop is due: evenly spaced, the connections taking turns.

use std::time::Duration;

/// Messages at a rate, numbered from 0.
pub struct Schedule {
    rate: f64,
    connections: u64,
    /// How many there are.
    pub messages: u64,
}

impl Schedule {
    /// `rate` a second for `time`, over `connections`.
    pub fn new(rate: f64, time: Duration, connections: usize) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "both are above 0, and far below 2^63"
        )]
        let messages = (rate * time.as_secs_f64()) as u64;
        Self { rate, connections: connections as u64, messages }
    }

    /// When the message is due, after the start.
    pub fn due(&self, message: u64) -> Duration {
        Duration::from_secs_f64(message as f64 / self.rate)
    }

    /// Which connection carries it.
    pub fn connection(&self, message: u64) -> usize {
        usize::try_from(message % self.connections).unwrap_or(0)
    }

    /// The number of a connection's `turn`-th message.
    pub fn message(&self, connection: usize, turn: u64) -> u64 {
        turn * self.connections + connection as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_evenly_spaced_at_the_rate() {
        let schedule = Schedule::new(2000.0, Duration::from_millis(1500), 7);
        assert_eq!(schedule.messages, 3000);
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1), Duration::from_micros(500));
        assert_eq!(schedule.due(2999), Duration::from_micros(1_499_500));
    }

    #[test]
    fn a_connection_knows_the_numbers_of_its_messages() {
        let schedule = Schedule::new(1.0, Duration::from_secs(100), 7);
        for message in 0..100 {
            let connection = schedule.connection(message);
            assert_eq!(schedule.message(connection, message / 7), message);
        }
    }
}
