//! The run: turn after turn until somebody stops it.

use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;
use rondel_engine::{Events, Nanos};

use super::core::{Core, closed};
use super::item::Ready;
use crate::errors::os_error;
use crate::handle;
use crate::raw::call_method;
use crate::stream::Stream;

/// After so long without a wait, other threads get the GIL even if no callback runs bytecode (which
/// would let go of it by itself, after 5 ms).
const GIL_HELD: Nanos = 4_000_000;
/// So many items run between two looks at the clock.
const LOOK_EVERY: u32 = 64;

/// How long this thread has held the GIL.
struct Pace {
    since: Nanos,
    items: u32,
}

impl Pace {
    #[inline]
    fn step(&mut self, py: Python<'_>, core: &Core) {
        self.items += 1;
        if self.items >= LOOK_EVERY {
            self.look(py, core);
        }
    }

    #[cold]
    fn look(&mut self, py: Python<'_>, core: &Core) {
        self.items = 0;
        if core.now().saturating_sub(self.since) > GIL_HELD {
            py.detach(|| {});
            self.since = core.now();
        }
    }
}

#[pymethods]
impl Core {
    /// Runs turns until `stopping` is set, as `BaseEventLoop._run_once` in a loop.
    ///
    /// Raises `KeyboardInterrupt` and `SystemExit` of a callback or of a signal handler at once; what
    /// was ready stays ready, and the loop can run again.
    fn run(&self, py: Python<'_>) -> PyResult<()> {
        let mut events = self.with(py, |state| state.events.take()).flatten().unwrap_or_default();
        let mut pace = Pace { since: self.now(), items: 0 };
        let ended = loop {
            match self.turn(py, &mut events, &mut pace) {
                Ok(()) if !self.get_stopping() => {}
                ended => break ended,
            }
        };
        self.with(py, |state| state.events = Some(events));
        ended
    }
}

impl Core {
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
        py.check_signals()?;
        let events = wait.as_ref().map(|_| &*events);
        let count = self.with(py, |state| state.driver.collect(events)).ok_or_else(closed)?;
        for _ in 0..count {
            // Fewer than were counted: a callback has closed the loop, or a nested run took them.
            let Some(item) = self.with(py, |state| state.driver.take()).flatten() else { break };
            if self.debug() {
                self.run_timed(py, &item)?;
            } else {
                run(py, &item)?;
            }
            pace.step(py, self);
        }
        Ok(())
    }

    /// In debug mode a callback that takes long is reported.
    #[cold]
    fn run_timed(&self, py: Python<'_>, item: &Ready) -> PyResult<()> {
        let start = self.now();
        run(py, item)?;
        let taken = Duration::from_nanos(self.now() - start);
        let debug = py.import(intern!(py, "rondel._debug"))?;
        let taken = taken.as_secs_f64().into_pyobject(py)?;
        call_method(intern!(py, "callback_ran"), [debug.as_any(), item.object().bind(py), taken.as_any()])?;
        Ok(())
    }
}

#[inline]
fn run(py: Python<'_>, item: &Ready) -> PyResult<()> {
    match item {
        // SAFETY: these items are handles, and this one is alive: the item holds it.
        Ready::Handle(handle) => unsafe { handle::run(py, handle.as_ptr()) },
        Ready::Read(stream) => stream.bind(py).cast::<Stream>()?.get().read_ready(py),
        Ready::Write(stream) => Stream::write_ready(stream.bind(py).cast::<Stream>()?),
    }
}
