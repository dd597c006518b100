//! A socket's readiness.
//!
//! As in the plain Rust runtime (crates/rondel/src/source.rs), interest stays registered from one message to the next, and
//! only an event that nobody waits for takes it away. Each direction remembers whether the socket may be ready.

use std::io;
use std::os::fd::RawFd;
use std::task::{Context, Poll, Waker};

use pyo3::Python;
use rondel_engine::SourceKey;
use rondel_http::{Direction, Source};

use super::chore::Duty;
use super::runtime::{Loop, attached};
use crate::event_loop::Watch;

/// How often in one turn somebody may go on with a socket that is always ready.
const BUDGET: u32 = 32;

/// One watched descriptor.
pub struct Sides {
    key: SourceKey,
    read: Side,
    write: Side,
}

/// One direction of it.
struct Side {
    /// It has not been found unready since it was last seen ready, or never tried.
    maybe_ready: bool,
    /// The turn in which it was last found unready.
    cleared: u64,
    /// The driver watches it.
    armed: bool,
    /// Who waits.
    waker: Option<Waker>,
    /// What is left of the budget, and of which turn.
    left: u32,
    turn: u64,
}

impl Side {
    const fn new() -> Self {
        Self { maybe_ready: true, cleared: 0, armed: false, waker: None, left: BUDGET, turn: 0 }
    }

    /// Takes one from the budget. False: it is spent.
    fn spend(&mut self, turn: u64) -> bool {
        if self.turn != turn {
            (self.turn, self.left) = (turn, BUDGET);
        }
        let left = self.left;
        self.left = left.saturating_sub(1);
        left > 0
    }
}

impl Sides {
    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
}

/// A descriptor that the loop watches, until this is dropped.
#[derive(Debug)]
pub struct Watched {
    home: Loop,
    /// None: the loop was closed before.
    number: Option<u32>,
}

impl Watched {
    pub fn new(home: Loop, fd: RawFd) -> Self {
        let key = home.with_state(attached(), |state| state.driver.add_source(fd));
        #[allow(clippy::cast_possible_truncation)] // the system has far fewer descriptors
        let number = key.map(|key| {
            home.shared().sources.borrow_mut().insert(Sides { key, read: Side::new(), write: Side::new() }) as u32
        });
        Self { home, number }
    }

    fn with<R>(&self, direction: Direction, look: impl FnOnce(SourceKey, &mut Side) -> R) -> Option<R> {
        let mut sources = self.home.shared().sources.borrow_mut();
        let sides = sources.get_mut(self.number? as usize)?;
        let key = sides.key;
        Some(look(key, sides.side(direction)))
    }

    fn turn(&self) -> Option<u64> {
        self.home.with_state(attached(), |state| state.turn)
    }
}

/// Sets or removes what the driver queues.
fn set(py: Python<'_>, home: &Loop, key: SourceKey, direction: Direction, watch: Option<Watch>) -> io::Result<()> {
    let before = home.with_state(py, |state| match direction {
        Direction::Read => state.driver.set_reader(key, watch),
        Direction::Write => state.driver.set_writer(key, watch),
    });
    before.ok_or_else(closed)?.map(drop) // it holds no object
}

fn closed() -> io::Error {
    io::Error::other("Event loop is closed")
}

impl Source for Watched {
    fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<()>> {
        let (Some(turn), Some(number)) = (self.turn(), self.number) else { return Poll::Ready(Err(closed())) };
        let ready = self.with(direction, |_, side| side.maybe_ready.then(|| side.spend(turn)));
        match ready.flatten() {
            Some(true) => return Poll::Ready(Ok(())),
            Some(false) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => {}
        }
        // A waker's code may be anybody's: it is cloned and dropped with nothing borrowed.
        let known = self.with(direction, |_, side| side.waker.take()).flatten();
        let waker = known.filter(|known| known.will_wake(cx.waker())).unwrap_or_else(|| cx.waker().clone());
        let unarmed = self.with(direction, |key, side| {
            side.waker = Some(waker);
            (!std::mem::replace(&mut side.armed, true)).then_some(key)
        });
        if let Some(key) = unarmed.flatten()
            && let Err(error) =
                set(attached(), &self.home, key, direction, Some(Watch::Http(Duty::Ready(number, direction).into())))
        {
            self.with(direction, |_, side| side.armed = false);
            return Poll::Ready(Err(error));
        }
        Poll::Pending
    }

    fn clear(&self, direction: Direction) {
        let turn = self.turn().unwrap_or(0);
        self.with(direction, |_, side| (side.maybe_ready, side.cleared) = (false, turn));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let sides = self.home.shared().sources.borrow_mut().try_remove(number as usize);
        if let Some(sides) = sides {
            let watchers = self.home.with_state(attached(), |state| state.driver.remove_source(sides.key));
            drop(watchers);
            drop(sides);
        }
    }
}

/// The driver has seen a direction of the descriptor of this number ready.
pub fn ready(py: Python<'_>, home: &Loop, number: u32, direction: Direction) {
    let Some(turn) = home.with_state(py, |state| state.turn) else { return };
    let seen = {
        let mut sources = home.shared().sources.borrow_mut();
        // Dropped since, by an earlier item of this turn.
        let Some(sides) = sources.get_mut(number as usize) else { return };
        let key = sides.key;
        let side = sides.side(direction);
        if !side.maybe_ready && side.cleared == turn {
            // Somebody has found since that it is not ready any more. If it is again, the next turn says so.
            return;
        }
        side.maybe_ready = true;
        let waker = side.waker.take();
        side.armed = waker.is_some() && side.armed;
        (key, waker)
    };
    match seen {
        (_, Some(waker)) => home.enter(py, || waker.wake()),
        // It fails only where the descriptor was closed behind our back; then no event comes either.
        (key, None) => drop(set(py, home, key, direction, None)),
    }
}
