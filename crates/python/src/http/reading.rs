//! `HttpReading`: an awaitable whose value comes from a job.

use std::rc::Rc;

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::awaitable::awaitable;
use super::local::Local;
use super::places::Job;
use super::runtime::Loop;
use super::waiting::{Waiting, stop, thrown};
use crate::cell::GilCell;
use crate::raw::Owned;

/// A job with a value for Python.
pub trait Outcome: Job {
    /// What came of it, once.
    fn take(&self, py: Python<'_>) -> PyResult<Owned>;
}

struct Inner {
    waiting: Waiting,
    outcome: Rc<dyn Outcome>,
}

/// A wait for bytes of a response, or for room for those of a request.
#[pyclass(frozen, freelist = 64, module = "rondel._rondel")]
pub struct HttpReading {
    inner: Local<Inner>,
    /// Who is to live as long, as it shows the garbage collector what both use.
    owner: GilCell<Option<Owned>>,
}

impl HttpReading {
    /// A wait for `outcome`, in `home`. `owner`: the object whose method has made it.
    pub fn create(py: Python<'_>, home: &Loop, outcome: Rc<dyn Outcome>, owner: Owned) -> PyResult<Owned> {
        let waiting = Waiting::new(home.clone(), Rc::clone(&outcome) as Rc<dyn Job>);
        let inner = Local::new(home.clone(), Inner { waiting, outcome });
        Ok(Bound::new(py, Self { inner, owner: GilCell::new(Some(owner)) })?.into_any().into())
    }

    fn step<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let inner = self.inner.get(py);
        if let Some(future) = inner.waiting.step(py)? {
            return Ok(Some(future.bind(py).clone()));
        }
        let value = inner.outcome.take(py)?;
        if value.bind(py).is_none() { Ok(None) } else { Err(stop(py, value.bind(py))) }
    }
}

awaitable!(HttpReading);

#[pymethods]
impl HttpReading {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.owner.with(py, |owner| owner.as_ref().map_or(Ok(()), |owner| owner.visit(&visit)))
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        self.inner.get(py).waiting.close(py);
        let owner = self.owner.with(py, Option::take);
        drop(owner);
    }
}

/// Awaited, it is over at once, as often as one likes.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Over;

#[pymethods]
impl Over {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[allow(clippy::unused_self)] // as an iterator's
    fn __next__(&self) -> Option<Py<PyAny>> {
        None
    }

    /// As a coroutine's.
    #[allow(clippy::unused_self)] // as a coroutine's
    #[pyo3(signature = (value, /))]
    fn send(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = value;
        Err(PyStopIteration::new_err(()))
    }

    /// As a coroutine's.
    #[allow(clippy::unused_self)] // as a coroutine's
    #[pyo3(signature = (typ, val = None, tb = None, /))]
    fn throw(
        &self,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        Err(thrown(typ, val, tb))
    }

    /// As a coroutine's.
    #[allow(clippy::unused_self)] // as a coroutine's
    fn close(&self) {}
}

/// The one that is over.
pub fn over(py: Python<'_>) -> PyResult<Owned> {
    use pyo3::sync::PyOnceLock;
    static OVER: PyOnceLock<Py<Over>> = PyOnceLock::new();
    let over = OVER.get_or_try_init(py, || Py::new(py, Over))?;
    Ok(over.bind(py).clone().into_any().into())
}

/// A job that was done before it began.
pub struct Given(std::cell::RefCell<Option<PyResult<Owned>>>);

impl Given {
    pub fn new(result: PyResult<Owned>) -> Self {
        Self(std::cell::RefCell::new(Some(result)))
    }
}

impl Job for Given {
    fn poll(&self, _py: Python<'_>, _cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        std::task::Poll::Ready(())
    }

    fn cancel(&self, _py: Python<'_>) {
        let result = self.0.take();
        drop(result);
    }
}

impl Outcome for Given {
    fn take(&self, py: Python<'_>) -> PyResult<Owned> {
        self.0.take().unwrap_or_else(|| Ok(py.None().into_bound(py).into()))
    }
}
