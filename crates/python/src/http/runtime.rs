//! The loop as the client sees it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::os::fd::RawFd;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};
use std::task::Waker;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit, ffi};
use rondel_engine::{Clock, Nanos, Remote};
use rondel_http::{Background, Family, Runtime};
use slab::Slab;

use super::chore::Duty;
use super::lookup::{self, Lookup};
use super::places::{Holds, Places};
use super::sleep::Sleep;
use super::source::{Sides, Watched};
use crate::event_loop::{Core, Ready, State};

/// What lives as long as the program wants, but no longer than the loop.
pub trait Holder {
    /// Drops its connections: the loop is closed.
    fn let_go(&self, py: Python<'_>);
}

/// What the client has in a loop. Reached through [`Loop`].
pub struct Shared {
    /// No other loop of the process has it.
    pub id: u64,
    /// The loop's native half, which takes this out before it goes.
    core: Cell<Option<NonNull<Core>>>,
    clock: Clock,
    pub remote: Remote<Ready>,
    random: RefCell<fastrand::Rng>,
    /// How many calls are under way in which something may be polled or dropped.
    pub depth: Cell<u32>,
    /// Counts settlings.
    pub settlings: Cell<u64>,
    /// Places that were woken by what the loop polls.
    pub woken: RefCell<VecDeque<u32>>,
    discarded: RefCell<Vec<Box<dyn Any>>>,
    pub places: RefCell<Places>,
    pub sources: RefCell<Slab<Sides>>,
    /// Who is woken at a time.
    pub sleepers: RefCell<Slab<Waker>>,
    holders: RefCell<Slab<Weak<dyn Holder>>>,
}

/// The loop that the client lives in, as its [`Runtime`].
#[derive(Clone)]
pub struct Loop(Rc<Shared>);

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("id", &self.0.id).finish_non_exhaustive()
    }
}

impl Loop {
    /// For the loop with this native half, which calls [`close`](Self::close) before it goes.
    pub fn new(core: &Core, clock: Clock, remote: Remote<Ready>) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(Rc::new(Shared {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            core: Cell::new(Some(NonNull::from(core))),
            clock,
            remote,
            random: RefCell::default(),
            depth: Cell::new(0),
            settlings: Cell::new(0),
            woken: RefCell::default(),
            discarded: RefCell::default(),
            places: RefCell::default(),
            sources: RefCell::default(),
            sleepers: RefCell::default(),
            holders: RefCell::default(),
        }))
    }

    #[inline]
    pub fn shared(&self) -> &Shared {
        &self.0
    }

    /// Whether both are one loop.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// The loop's native half; `None` if it is closed. The closure runs no Python code.
    #[inline]
    fn with_core<R>(&self, _py: Python<'_>, look: impl FnOnce(&Core) -> R) -> Option<R> {
        // SAFETY: the core takes the address out, by `close`, before it goes; it can't go meanwhile, as no Python code runs.
        self.0.core.get().map(|core| look(unsafe { core.as_ref() }))
    }

    /// What the GIL protects of the loop; `None` if it is closed. As [`Core::with`].
    #[inline]
    pub fn with_state<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> Option<R> {
        self.with_core(py, |core| core.with(py, look)).flatten()
    }

    /// Whether the loop is closed.
    pub fn is_closed(&self) -> bool {
        self.0.core.get().is_none()
    }

    /// The thread that runs the loop: `None` if it does not run.
    pub fn thread(&self, py: Python<'_>) -> Option<u64> {
        self.with_core(py, Core::get_thread).flatten()
    }

    /// Whether the loop runs in this thread.
    #[inline]
    pub fn is_here(&self, py: Python<'_>) -> bool {
        self.thread(py) == Some(this_thread(py))
    }

    /// Remembers what is to let go of its connections when the loop is closed. Gives the number to forget it by.
    pub fn hold(&self, holder: Weak<dyn Holder>) -> usize {
        self.0.holders.borrow_mut().insert(holder)
    }

    /// Forgets it again.
    pub fn forget(&self, number: usize) {
        let holder = self.0.holders.borrow_mut().try_remove(number);
        drop(holder);
    }

    /// Drops `value` where it may be dropped: in the loop's thread, or anywhere if the loop does not run, and when
    /// nothing is being polled.
    pub fn discard<T: 'static>(&self, py: Python<'_>, value: T) {
        let elsewhere = self.thread(py).is_some_and(|thread| thread != this_thread(py));
        if !elsewhere && self.0.depth.get() == 0 {
            self.enter(py, || drop(value));
            return;
        }
        self.0.discarded.borrow_mut().push(Box::new(value));
        if elsewhere {
            // Refused by a loop that has been closed since: whoever did so has dropped the value, or is about to.
            let _ = self.0.remote.push(Ready::Http(Duty::Discard.into()));
        }
    }

    /// What waits to be dropped.
    pub fn take_discarded(&self) -> Vec<Box<dyn Any>> {
        self.0.discarded.take()
    }

    /// The loop's native half is on its way out: it is not used any more.
    pub fn detach(&self) {
        self.0.core.set(None);
    }

    /// Ends the client's part of the loop: connections are closed, what waits ends with an error.
    pub fn close(&self, py: Python<'_>) {
        self.enter(py, || {
            let mut held = Vec::new();
            for place in self.0.places.borrow_mut().iter_mut() {
                match &mut place.holds {
                    Holds::Nothing => {}
                    Holds::Task(task) => held.push((task.take(), None, None)),
                    // The place stays until whoever waits gives it back.
                    Holds::Job { job, future, .. } => held.push((None, Some(Rc::clone(job)), future.take())),
                }
            }
            for (task, job, future) in held {
                drop(task);
                if let Some(job) = job {
                    job.cancel(py);
                }
                drop(future);
            }
            let holders = self.0.holders.take();
            for holder in holders.iter().filter_map(|(_, holder)| holder.upgrade()) {
                holder.let_go(py);
            }
        });
        self.detach();
    }

    /// For the garbage collector: what the loop's native half is to show.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(places) = self.0.places.try_borrow() else { return Ok(()) };
        for place in places.iter() {
            if let Holds::Job { future: Some(future), .. } = &place.holds {
                future.visit(visit)?;
            }
        }
        Ok(())
    }
}

/// `threading.get_ident()`
#[allow(clippy::useless_conversion)] // the width of the C type depends on the system
fn this_thread(_py: Python<'_>) -> u64 {
    // SAFETY: the call has no conditions.
    unsafe { ffi::PyThread_get_thread_ident() }.into()
}

/// The interpreter's token, inside of what the client calls.
pub fn attached<'py>() -> Python<'py> {
    // SAFETY: the client is called by our methods and items alone, with the GIL held (see `Local`).
    unsafe { Python::assume_attached() }
}

impl Runtime for Loop {
    type Source = Watched;
    type Sleep = Sleep;
    type Lookup = Lookup;

    fn watch(&self, fd: RawFd) -> Watched {
        Watched::new(self.clone(), fd)
    }

    fn now(&self) -> Nanos {
        self.0.clock.now()
    }

    fn turn(&self) -> u64 {
        self.with_state(attached(), |state| state.turn).unwrap_or_default()
    }

    fn sleep_until(&self, at: Nanos) -> Sleep {
        Sleep::new(self.clone(), at)
    }

    fn lookup(&self, host: &str, port: u16, family: Family) -> Lookup {
        lookup::by_loop(attached(), self, host, port, family)
    }

    fn spawn(&self, task: Background) {
        self.start(attached(), task);
    }

    fn random(&self) -> u64 {
        self.0.random.borrow_mut().u64(..)
    }
}
