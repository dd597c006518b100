//! How a Python task awaits a [`Job`].
//!
//! The first step polls the job in the task. What is not done then is polled by the loop, each time it may go on, and the
//! task sleeps until the end on one asyncio future: a wait costs it one wake-up, however often the system has been asked.

use std::cell::Cell;
use std::rc::Rc;

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::places::Job;
use super::runtime::{Loop, attached};
use crate::event_loop::closed;
use crate::raw::Owned;

/// A wait, for one task.
pub struct Waiting {
    home: Loop,
    job: Rc<dyn Job>,
    progress: Cell<Progress>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Fresh,
    /// With the place of the job.
    Waits(u32),
    Over,
}

impl Waiting {
    /// For `job`, which has not begun.
    pub fn new(home: Loop, job: Rc<dyn Job>) -> Self {
        Self { home, job, progress: Cell::new(Progress::Fresh) }
    }

    /// Whether it was neither awaited nor closed.
    pub fn is_fresh(&self) -> bool {
        self.progress.get() == Progress::Fresh
    }

    /// Whether it was awaited to its end, or closed.
    pub fn is_over(&self) -> bool {
        self.progress.get() == Progress::Over
    }

    /// A step of the task. Gives a future that it is to yield; `None`: the job is done.
    ///
    /// Errors: `RuntimeError` if it was over before, if the loop is closed or runs elsewhere.
    pub fn step(&self, py: Python<'_>) -> PyResult<Option<Owned>> {
        if self.is_over() {
            return Err(PyRuntimeError::new_err("cannot reuse already awaited request or read"));
        }
        let stepped = self.go_on(py);
        if !matches!(stepped, Ok(Some(_))) {
            self.end(py, stepped.is_err());
        }
        stepped
    }

    fn go_on(&self, py: Python<'_>) -> PyResult<Option<Owned>> {
        let home = &self.home;
        check_here(py, home)?;
        let number = match self.progress.get() {
            Progress::Waits(number) => number,
            Progress::Fresh | Progress::Over => home.add_job(Rc::clone(&self.job)),
        };
        self.progress.set(Progress::Waits(number));
        loop {
            if home.poll_job(py, number) || home.is_done(number) {
                return Ok(None);
            }
            let future = home.new_future(py)?;
            // As awaiting the future does: the task checks that it was awaited, not just yielded.
            future.bind(py).setattr(intern!(py, "_asyncio_future_blocking"), true)?;
            if home.park(number, future.clone()) {
                return Ok(Some(future));
            }
        }
    }

    /// Nobody waits any more.
    pub fn close(&self, py: Python<'_>) {
        if !self.is_over() {
            self.end(py, true);
        }
    }

    fn end(&self, py: Python<'_>, early: bool) {
        if let Progress::Waits(number) = self.progress.replace(Progress::Over) {
            self.home.remove_job(py, number);
        }
        if early {
            self.home.discard(py, Canceled(Rc::clone(&self.job)));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.close(attached());
    }
}

/// Cancels its job where it is dropped.
struct Canceled(Rc<dyn Job>);

impl Drop for Canceled {
    fn drop(&mut self) {
        self.0.cancel(attached());
    }
}

/// Errors: `RuntimeError` unless the loop runs in this thread.
pub fn check_here(py: Python<'_>, home: &Loop) -> PyResult<()> {
    if home.is_here(py) {
        return Ok(());
    }
    Err(if home.is_closed() { closed() } else { elsewhere() })
}

#[cold]
fn elsewhere() -> PyErr {
    PyRuntimeError::new_err(
        "this HTTP client belongs to another event loop than the one that runs here: make a ClientSession inside of the \
         coroutine that uses it, and use it only there (from another thread: asyncio.run_coroutine_threadsafe)",
    )
}

/// The end of an awaitable with a value.
pub fn stop(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyErr {
    // Made here, with its one argument, as a value that is a tuple would be taken for several.
    py.get_type::<PyStopIteration>().call1((value,)).map_or_else(|error| error, PyErr::from_value)
}

/// What is thrown into an awaitable: an exception, or its class and what it is made with.
pub fn thrown(
    kind: &Bound<'_, PyAny>,
    value: Option<&Bound<'_, PyAny>>,
    traceback: Option<&Bound<'_, PyAny>>,
) -> PyErr {
    fn given<'py>(value: Option<&Bound<'py, PyAny>>) -> Option<Bound<'py, PyAny>> {
        value.filter(|value| !value.is_none()).cloned()
    }
    let made = match (kind.cast::<PyType>(), given(value)) {
        (Err(_), _) => Ok(kind.clone()),
        (Ok(class), Some(value)) if value.is_instance(class).unwrap_or(false) => Ok(value),
        (Ok(class), Some(value)) => class.call1((value,)),
        (Ok(class), None) => class.call0(),
    };
    let made = made.and_then(|made| match given(traceback) {
        Some(traceback) => made.call_method1(intern!(kind.py(), "with_traceback"), (traceback,)),
        None => Ok(made),
    });
    match made {
        Ok(made) if made.is_instance_of::<pyo3::exceptions::PyBaseException>() => PyErr::from_value(made),
        Ok(_) => PyTypeError::new_err("exceptions must be classes or instances deriving from BaseException"),
        Err(error) => error,
    }
}
