//! Who is polled by the loop: what Python tasks wait for, and background tasks.
//!
//! Each has a place, whose number is all that a waker knows, so that wakers can go to any thread. A place serves one after
//! the other; a waker that comes late polls the next one once too often, which harms nobody.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pyo3::Python;
use rondel_engine::Remote;
use rondel_http::Background;

use super::chore::Duty;
use super::inside;
use crate::event_loop::Ready;
use crate::raw::Owned;

/// What a Python task waits for. It keeps what came of it.
pub trait Job {
    /// Goes on. It is not called again after it was ready.
    fn poll(&self, py: Python<'_>, cx: &mut Context<'_>) -> Poll<()>;

    /// Nobody waits any more, or the loop is closed: drops what is under way.
    fn cancel(&self, py: Python<'_>);

    /// Whether it may go on outside of the task that waits for it. Otherwise the task is woken for each step.
    fn is_eager(&self) -> bool {
        true
    }
}

/// What a place holds.
#[derive(Default)]
pub enum Holds {
    #[default]
    Nothing,
    /// A job, and the asyncio future that the task waits for; `None` while it does not.
    Job { job: Rc<dyn Job>, future: Option<Owned>, done: bool },
    /// `None` while it is polled.
    Task(Option<Background>),
}

/// One place.
pub struct Place {
    pub holds: Holds,
    /// Wakes it.
    pub waker: Waker,
    /// The settling (see `Loop::settle`) in which it was last polled.
    pub settled: u64,
    /// It is being polled.
    pub polling: bool,
    /// It was woken meanwhile.
    pub again: bool,
    /// The next turn polls it. However often it is woken until then, once will do: each poll may wake it several times,
    /// and would be polled as often for each.
    pub queued: bool,
}

/// All places of a loop.
#[derive(Default)]
pub struct Places {
    list: Vec<Place>,
    free: Vec<u32>,
}

impl Places {
    /// Finds a place, and gives its number.
    pub fn add(&mut self, owner: u64, remote: &Remote<Ready>, holds: Holds) -> u32 {
        if let Some(number) = self.free.pop()
            && let Some(place) = self.get(number)
        {
            place.holds = holds;
            place.settled = 0;
            place.again = false;
            return number;
        }
        #[allow(clippy::cast_possible_truncation)] // each takes memory
        let number = self.list.len() as u32;
        let waker = Waker::from(Arc::new(Number { owner, place: number, remote: remote.clone() }));
        self.list.push(Place { holds, waker, settled: 0, polling: false, again: false, queued: false });
        number
    }

    /// The place of that number.
    #[inline]
    pub fn get(&mut self, number: u32) -> Option<&mut Place> {
        self.list.get_mut(number as usize)
    }

    /// Frees a place. What it held is to be dropped when nothing is borrowed.
    #[must_use]
    pub fn remove(&mut self, number: u32) -> Holds {
        let Some(place) = self.get(number) else { return Holds::Nothing };
        let held = std::mem::take(&mut place.holds);
        if !matches!(held, Holds::Nothing) {
            self.free.push(number);
        }
        held
    }

    /// All places.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        self.list.iter()
    }

    /// All places, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.list.iter_mut()
    }
}

/// Wakes one place.
struct Number {
    owner: u64,
    place: u32,
    remote: Remote<Ready>,
}

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !inside::note(self.owner, self.place) {
            // Refused by a loop that is closed, where nobody waits. The item holds no Python object.
            let _ = self.remote.push(Ready::Http(Duty::Woken(self.place).into()));
        }
    }
}
