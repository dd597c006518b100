//! What a loop has to do for the client.

use pyo3::Python;
use rondel_http::Direction;

use super::{sleep, source};
use crate::event_loop::Core;

/// A duty, in one word. It holds no Python object, but is as large as a reference to one: the items of the loop's queue are
/// made of either, and travel in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chore(u64);

/// The same, to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Something is to be dropped in the loop's thread.
    Discard,
    /// The descriptor of this number is ready.
    Ready(u32, Direction),
    /// The place of this number is to be polled.
    Woken(u32),
    /// The time has come for the sleeper of this number.
    Timer(u32),
}

/// Bits below the number.
const KIND: u32 = 8;

impl From<Duty> for Chore {
    #[inline]
    fn from(duty: Duty) -> Self {
        let (number, kind) = match duty {
            Duty::Discard => (0, 0),
            Duty::Ready(number, Direction::Read) => (number, 1),
            Duty::Ready(number, Direction::Write) => (number, 2),
            Duty::Woken(number) => (number, 3),
            Duty::Timer(number) => (number, 4),
        };
        Self(u64::from(number) << KIND | kind)
    }
}

impl From<Chore> for Duty {
    #[inline]
    fn from(Chore(word): Chore) -> Self {
        #[allow(clippy::cast_possible_truncation)] // above are no more bits
        let number = (word >> KIND) as u32;
        match word & 0xff {
            1 => Self::Ready(number, Direction::Read),
            2 => Self::Ready(number, Direction::Write),
            3 => Self::Woken(number),
            4 => Self::Timer(number),
            _ => Self::Discard,
        }
    }
}

/// Does it.
pub fn run(py: Python<'_>, of: &Core, chore: Chore) {
    let Some(home) = of.http(py) else { return };
    match chore.into() {
        Duty::Discard => home.enter(py, || ()),
        Duty::Ready(number, direction) => source::ready(py, &home, number, direction),
        Duty::Woken(number) => home.turn_of(py, number),
        Duty::Timer(number) => sleep::over(py, &home, number),
    }
}
