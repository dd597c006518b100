//! What a load shall do.

use std::str::FromStr;
use std::time::Duration;

use crate::address::Address;
use crate::problem::{Problem, Result};

const USAGE: &str = "usage: rondel-load closed|open|churn ADDRESS CONNECTIONS BYTES SECONDS [RATE]\n       \
                     rondel-load serve tcp|udp|unix:PATH\nCONNECTIONS, BYTES, SECONDS and RATE are above 0";

/// Part of the time that goes by, beside it, before anything is counted.
const WARM_UP: f64 = 0.1;

/// When messages are sent.
#[derive(Debug, PartialEq, Clone, Copy)]
pub enum Mode {
    /// The next one when the last one is back.
    Closed,
    /// At a rate a second.
    Open {
        /// Messages a second, over all connections.
        rate: f64,
    },
    /// One a connection.
    Churn,
}

/// What was asked for.
#[derive(Debug, PartialEq, Clone)]
pub struct Arguments {
    /// When messages are sent.
    pub mode: Mode,
    /// Where the server is.
    pub address: Address,
    /// How many there are at once.
    pub connections: usize,
    /// Of each message.
    pub bytes: usize,
    /// How long it counts.
    pub time: Duration,
}

impl Arguments {
    /// Reads the words of the command line behind the program's name.
    pub fn parse(words: &[String]) -> Result<Self> {
        let usage = || Problem::new(USAGE);
        let [mode, address, connections, bytes, seconds, rest @ ..] = words else { return Err(usage()) };
        let mode = match (mode.as_str(), rest) {
            ("closed", []) => Mode::Closed,
            ("open", [rate]) => Mode::Open { rate: above_zero(rate)? },
            ("churn", []) => Mode::Churn,
            _ => return Err(usage()),
        };
        Ok(Self {
            mode,
            address: Address::parse(address)?,
            connections: above_zero(connections)?,
            bytes: above_zero(bytes)?,
            time: Duration::try_from_secs_f64(above_zero(seconds)?).map_err(|_| usage())?,
        })
    }

    /// How long it runs before anything counts.
    pub fn warm_up(&self) -> Duration {
        self.time.mul_f64(WARM_UP)
    }
}

fn above_zero<T: FromStr + PartialOrd + Default>(word: &str) -> Result<T> {
    let number = word.parse().ok().filter(|number| *number > T::default());
    number.ok_or_else(|| Problem::new(format!("{word}: not a number above 0\n{USAGE}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        Arguments::parse(&line.split(' ').map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn modes_are_told_apart() {
        assert_eq!(parse("closed tcp:127.0.0.1:1 2 3 4").unwrap().mode, Mode::Closed);
        assert_eq!(parse("open tcp:127.0.0.1:1 2 3 4 5.5").unwrap().mode, Mode::Open { rate: 5.5 });
        assert_eq!(parse("churn tcp:127.0.0.1:1 2 3 4").unwrap().mode, Mode::Churn);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["closed", "open tcp:127.0.0.1:1 2 3 4", "closed tcp:127.0.0.1:1 2 3 4 5", "dance tcp:127.0.0.1:1 2 3 4"]
        {
            assert!(parse(line).unwrap_err().to_string().starts_with("usage: "));
        }
        for line in ["closed tcp:127.0.0.1:1 0 3 4", "closed tcp:127.0.0.1:1 2 -3 4", "closed tcp:127.0.0.1:1 2 3 x"] {
            assert!(parse(line).unwrap_err().to_string().contains("not a number above 0"));
        }
    }
}
