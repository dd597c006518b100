//! A wait for one descriptor.

use std::os::fd::RawFd;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::plain::fileno;
use crate::cell::GilCell;
use crate::errors::ends_the_loop;
use crate::event_loop::{Direction, Watch, check_free, core_of, wait_once};
use crate::raw::{Args, Owned, call_method};

/// Awaited once, at the place where it is made. However that ends, by an exception thrown in as well, the object is let go
/// of then, and the descriptor with it: so a program that goes on to close it finds nobody waiting for it.
#[pyclass(frozen, freelist = 64, module = "rondel._rondel")]
pub struct Wait(GilCell<Option<Waiting>>);

struct Waiting {
    event_loop: Owned,
    /// Stands for the wait in the loop's driver; set there.
    future: Owned,
    /// What awaiting the future yields.
    iterator: Owned,
    fd: RawFd,
    direction: Direction,
}

pub fn readable(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    begin(slf, args, Direction::Read)
}

pub fn writable(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    begin(slf, args, Direction::Write)
}

/// Errors: `RuntimeError` if a transport uses the descriptor or the loop is closed, `OSError` if it can't be watched.
fn begin(slf: *mut ffi::PyObject, args: Args<'_, '_>, direction: Direction) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with live objects, the first an EventLoop; one argument is what it was
    // declared with.
    let (event_loop, file, core) = unsafe {
        let file = Bound::from_borrowed_ptr(py, args.positional()[0]);
        (Bound::from_borrowed_ptr(py, slf), file, core_of(py, slf)?)
    };
    let fd = fileno(&file)?;
    check_free(core.get(), py, fd)?;
    let future = call_method(intern!(py, "create_future"), [&event_loop])?;
    // SAFETY: the future is alive; the call gives a new reference or sets an exception.
    let iterator = unsafe { Owned::from_new(py, ffi::PyObject_GetIter(future.as_ptr())) }?;
    wait_once(core.get(), py, fd, direction, Watch::Wake(future.clone()))?;
    let waiting = Waiting { event_loop: event_loop.into(), future, iterator, fd, direction };
    Ok(Bound::new(py, Wait(GilCell::new(Some(waiting))))?.into_any().into())
}

#[pymethods]
impl Wait {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// What awaiting the future yields: the future, and then the end.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let iterator = self.0.with(py, |waiting| waiting.as_ref().map(|waiting| waiting.iterator.clone()));
        let Some(iterator) = iterator else {
            return Err(PyRuntimeError::new_err("cannot reuse already awaited wait"));
        };
        let mut result = std::ptr::null_mut();
        // SAFETY: the iterator is alive; the call gives a new reference, or sets an exception.
        let (sent, result) = unsafe {
            let sent = ffi::PyIter_Send(iterator.as_ptr(), ffi::Py_None(), &raw mut result);
            (sent, Owned::from_new(py, result)?)
        };
        if sent == ffi::PySendResult::PYGEN_NEXT {
            return Ok(Some(result.bind(py).clone()));
        }
        self.end(py);
        Ok(None)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.0.with(py, |waiting| {
            let Some(waiting) = waiting else { return Ok(()) };
            waiting.event_loop.visit(&visit)?;
            waiting.future.visit(&visit)?;
            waiting.iterator.visit(&visit)
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        self.end(unsafe { Python::assume_attached() });
    }
}

impl Wait {
    /// Nobody waits any more. Calls nothing in Python: there may be an exception under way.
    fn end(&self, py: Python<'_>) {
        let Some(waiting) = self.0.with(py, Option::take) else { return };
        // SAFETY: the wait was made with an EventLoop.
        let Ok(core) = (unsafe { core_of(py, waiting.event_loop.as_ptr()) }) else { return };
        let Waiting { fd, direction, .. } = waiting;
        let watch = Watch::Wake(waiting.future.clone());
        let removed = core.get().with(py, |state| {
            // Somebody else may wait there by now.
            state.stands_for(fd, direction, &watch).then(|| state.watch(fd, direction, None))
        });
        drop(removed);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // SAFETY: the interpreter destroys its objects with the GIL held.
        self.end(unsafe { Python::assume_attached() });
    }
}

/// The descriptor of a wait is ready.
///
/// Errors: `KeyboardInterrupt` and `SystemExit` of a future of the program's own making (`create_future`).
#[inline]
pub fn wake(py: Python<'_>, future: &Owned) -> PyResult<()> {
    let future = future.bind(py);
    match call_method(intern!(py, "set_result"), [future, py.None().bind(py)]) {
        Ok(_) => Ok(()),
        Err(error) => not_woken(py, future, error),
    }
}

#[cold]
fn not_woken(py: Python<'_>, future: &Bound<'_, PyAny>, error: PyErr) -> PyResult<()> {
    if ends_the_loop(py, &error) {
        return Err(error);
    }
    // Otherwise it was cancelled meanwhile.
    if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
        error.write_unraisable(py, Some(future));
    }
    Ok(())
}
