//! The run: turn after turn until somebody stops it.

use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rondel_engine::{Events, Nanos};

use super::core::{Core, closed};
use super::faults;
use super::item::Ready;
use crate::datagram::Datagrams;
use crate::errors::os_error;
use crate::raw::{Owned, call, call_method};
use crate::sock;
use crate::stream::Stream;
use crate::{handle, http};

/// So many items run between two looks at the clock.
const LOOK_EVERY: u32 = 64;
/// At most so long passes without a checkpoint, when callbacks are short and the loop never sleeps.
const CHECKPOINT_EVERY: Nanos = 1_000_000;
/// At most so many turns in a row are one datagram each, with no other descriptor looked at.
const DATAGRAMS: u32 = 16;

/// Gives other threads their share of the GIL when no callback runs bytecode.
///
/// A thread that waits for the GIL asks for it after the interpreter's switch interval (5 ms), and whoever runs
/// bytecode then hands it over. To let go unasked would be worse than to hold it: the waiting thread is woken, finds the
/// GIL taken again, starts its interval anew, and never asks.
struct Pace {
    since: Nanos,
    items: u32,
}

impl Pace {
    #[inline]
    fn step(&mut self, py: Python<'_>, core: &Core) -> PyResult<()> {
        self.items += 1;
        if self.items >= LOOK_EVERY { self.look(py, core) } else { Ok(()) }
    }

    #[cold]
    fn look(&mut self, py: Python<'_>, core: &Core) -> PyResult<()> {
        self.items = 0;
        if core.now().saturating_sub(self.since) > CHECKPOINT_EVERY {
            checkpoint(py)?;
            self.since = core.now();
        }
        Ok(())
    }
}

/// Runs bytecode that does nothing: with it the interpreter looks whether another thread wants the GIL.
fn checkpoint(py: Python<'_>) -> PyResult<()> {
    static NOTHING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let nothing = NOTHING.get_or_try_init(py, || py.eval(c"lambda: None", None, None).map(Bound::unbind))?;
    // SAFETY: the callable is alive, and takes no arguments.
    unsafe { call(py, nothing.as_ptr(), &mut [std::ptr::null_mut()], None) }.map(drop)
}

#[pymethods]
impl Core {
    /// Runs turns until `stopping` is set, as `BaseEventLoop._run_once` in a loop.
    ///
    /// Raises `KeyboardInterrupt` and `SystemExit` of a callback or of a signal handler at once; what
    /// was ready stays ready, and the loop can run again.
    fn run(slf: &Bound<'_, Self>) -> PyResult<()> {
        // A reference of our own: whoever called may lose theirs.
        let (py, held) = (slf.py(), slf.clone());
        let core = held.get();
        let run = core.begin_run(py);
        let ended = core.turns(py);
        drop(run);
        ended
    }
}

impl Core {
    fn turns(&self, py: Python<'_>) -> PyResult<()> {
        let mut events = self.with(py, |state| state.events.take()).flatten().unwrap_or_default();
        let mut pace = Pace { since: self.now(), items: 0 };
        let ended = loop {
            let ended = self.turn(py, &mut events, &mut pace);
            handle::forget_contexts(py);
            match ended {
                Ok(()) if !self.get_stopping() => {}
                ended => break ended,
            }
        };
        self.with(py, |state| state.events = Some(events));
        ended
    }

    #[inline]
    fn turn(&self, py: Python<'_>, events: &mut Events, pace: &mut Pace) -> PyResult<()> {
        let wait = self.with(py, |state| state.driver.prepare()).ok_or_else(closed)?;
        if let Some(wait) = &wait {
            let waited = if wait.may_sleep() {
                let waited = py.detach(|| wait.block(events));
                pace.since = self.now();
                waited
            } else {
                wait.block(events)
            };
            waited.map_err(|error| os_error(py, &error))?;
        }
        // Signal handlers run here, in the main thread; what they schedule belongs to this turn.
        let signals = py.check_signals();
        let events = wait.as_ref().map(|_| &*events);
        let count = self.with(py, |state| {
            state.turn += 1;
            state.driver.collect(events)
        });
        // Only now: who is told once that a descriptor is ready must hear it, also if a handler ends the run.
        signals?;
        let count = count.ok_or_else(closed)?;
        for _ in 0..count {
            // Fewer than were counted: a callback has closed the loop, or a nested run took them.
            let Some(item) = self.with(py, |state| state.driver.take()).flatten() else { break };
            if self.debug() {
                self.run_timed(py, &item)?;
            } else if count == 1
                && let Ready::Receive(datagrams) = &item
            {
                return self.datagram_turns(py, &item, datagrams, pace);
            } else {
                self.run_item(py, &item)?;
            }
            pace.step(py, self)?;
        }
        Ok(())
    }

    /// One socket alone was ready: a turn of a datagram of it, and as many turns more as have nothing but its next datagram
    /// to run. For those the selector is not asked: it would say no more than a receive does, and costs several times as
    /// much.
    ///
    /// Each is a turn of its own in all that a program can tell: what a protocol schedules, or has another thread
    /// schedule, runs before the next datagram; so does a timer that is due, and the handler of a signal.
    #[inline]
    fn datagram_turns(&self, py: Python<'_>, item: &Ready, datagrams: &Owned, pace: &mut Pace) -> PyResult<()> {
        let datagrams = datagrams.bind(py).cast::<Datagrams>()?.get();
        let report = |error| faults::report(py, item, error).map(|()| false);
        let mut received = datagrams.read_ready(py, self).or_else(report)?;
        pace.step(py, self)?;
        for number in 1..DATAGRAMS {
            if !received {
                break;
            }
            py.check_signals()?;
            let idle = self.with(py, |state| state.driver.is_idle()).unwrap_or(false);
            if !idle || self.get_stopping() || self.debug() {
                break;
            }
            handle::forget_contexts(py);
            received = datagrams.read_ahead(py, self, number == 1).or_else(report)?;
            pace.step(py, self)?;
        }
        Ok(())
    }

    /// In debug mode a callback that takes long is reported.
    #[cold]
    fn run_timed(&self, py: Python<'_>, item: &Ready) -> PyResult<()> {
        let start = self.now();
        self.run_item(py, item)?;
        // Otherwise nothing ran that has a name: a future was set, or a connection of the HTTP client went on.
        let Some(object) = item.object().filter(|_| !matches!(item, Ready::Wake(_))) else { return Ok(()) };
        let taken = Duration::from_nanos(self.now() - start);
        let debug = py.import(intern!(py, "rondel._debug"))?;
        let taken = taken.as_secs_f64().into_pyobject(py)?;
        call_method(intern!(py, "callback_ran"), [debug.as_any(), object.bind(py), taken.as_any()])?;
        Ok(())
    }
}

impl Core {
    #[inline]
    fn run_item(&self, py: Python<'_>, item: &Ready) -> PyResult<()> {
        let ran = match item {
            // SAFETY: these items are handles, and this one is alive: the item holds it.
            Ready::Handle(handle) => return unsafe { handle::run(py, handle.object().as_ptr()) },
            Ready::Read(stream) => stream.bind(py).cast::<Stream>()?.get().read_ready(py, self),
            Ready::Write(stream) => Stream::write_ready(stream.bind(py).cast::<Stream>()?),
            Ready::Receive(datagrams) => {
                datagrams.bind(py).cast::<Datagrams>()?.get().read_ready(py, self).map(|_received| ())
            }
            Ready::Wake(future) => return sock::wake(py, future),
            Ready::Http(chore) => {
                http::run(py, self, *chore);
                return Ok(());
            }
            Ready::Send(datagrams) => Datagrams::write_ready(datagrams.bind(py).cast::<Datagrams>()?),
        };
        ran.or_else(|error| faults::report(py, item, error))
    }
}
