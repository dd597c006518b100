//! `HttpResponse`: the native half of `ClientResponse` (python/rondel/http/response.py).

mod attributes;
mod make;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::Target;
use rondel_http::io::Endpoints;

pub use self::make::{Maker, check_class, history, make};
use super::errors;
use super::incoming::Body;
use super::local::Local;
use super::read::{Read, Want};
use super::reading::{Given, HttpReading, over};
use super::runtime::Loop;
use crate::cell::GilCell;
use crate::raw::{Args, Method as Native, Owned, call_method, noargs};

/// What a server has answered.
pub struct Answer {
    status: u16,
    version: Version,
    reason: Bytes,
    headers: HeaderMap,
    url: Target,
    method: Method,
    /// Fields of the request, as the program gave them.
    asked: Rc<HeaderMap>,
    body: Rc<Body>,
    endpoints: Option<Rc<Endpoints>>,
    /// The body, once it was read as a whole: bytes.
    data: RefCell<Option<Owned>>,
    /// The program has let go of it.
    released: Cell<bool>,
    in_context: Cell<bool>,
}

impl Answer {
    /// Whether names of fields have no capitals.
    fn small(&self) -> bool {
        self.version == Version::HTTP_2
    }

    /// Whether its body has come to its end, or it was released.
    fn is_closed(&self) -> bool {
        self.released.get() || self.body.has_ended()
    }

    /// Lets go of the connection.
    fn release(&self, py: Python<'_>) {
        self.released.set(true);
        self.body.release(py);
    }
}

/// What is made when it is looked at, and what the collector is to see.
#[derive(Default)]
struct Objects {
    headers: Option<Owned>,
    raw_headers: Option<Owned>,
    url: Option<Owned>,
    real_url: Option<Owned>,
    content: Option<Owned>,
    history: Option<Owned>,
    session: Option<Owned>,
    request_info: Option<Owned>,
}

impl Objects {
    fn all(&self) -> impl Iterator<Item = &Owned> {
        let Self { headers, raw_headers, url, real_url, content, history, session, request_info } = self;
        [headers, raw_headers, url, real_url, content, history, session, request_info].into_iter().flatten()
    }
}

/// The native half of a `ClientResponse`.
#[pyclass(subclass, frozen, module = "rondel._rondel")]
pub struct HttpResponse {
    answer: GilCell<Option<Local<Rc<Answer>>>>,
    objects: GilCell<Objects>,
}

impl HttpResponse {
    /// The answer, and the loop that it belongs to.
    ///
    /// Errors: `RuntimeError` if a program has made the response.
    fn answer(&self, py: Python<'_>) -> PyResult<Rc<Answer>> {
        self.answer.with(py, |answer| answer.as_ref().map(|answer| Rc::clone(answer.get(py)))).ok_or_else(|| {
            PyRuntimeError::new_err("responses are what requests give; one that a program makes has nothing in it")
        })
    }

    /// The beginning of `async with` for the request that gave it.
    pub fn enter(&self, py: Python<'_>) -> PyResult<()> {
        self.answer(py)?.in_context.set(true);
        Ok(())
    }

    /// The end of it.
    pub fn leave(&self, py: Python<'_>) -> PyResult<()> {
        let answer = self.answer(py)?;
        answer.in_context.set(false);
        answer.release(py);
        Ok(())
    }

    fn kept(&self, py: Python<'_>, place: fn(&mut Objects) -> &mut Option<Owned>) -> Option<Owned> {
        self.objects.with(py, |objects| place(objects).clone())
    }

    /// What stands at a place; made by `make` if there is nothing.
    fn keep(
        &self,
        py: Python<'_>,
        place: fn(&mut Objects) -> &mut Option<Owned>,
        make: impl FnOnce() -> PyResult<Owned>,
    ) -> PyResult<Owned> {
        if let Some(known) = self.kept(py, place) {
            return Ok(known);
        }
        let object = make()?;
        let kept = object.clone();
        let stale = self.objects.with(py, |objects| place(objects).replace(kept));
        drop(stale);
        Ok(object)
    }

    fn set(&self, py: Python<'_>, place: fn(&mut Objects) -> &mut Option<Owned>, value: Option<Owned>) {
        let stale = self.objects.with(py, |objects| std::mem::replace(place(objects), value));
        drop(stale);
    }
}

#[pymethods]
impl HttpResponse {
    #[new]
    #[pyo3(signature = (*_args, **_keywords))]
    fn new(_args: &Bound<'_, PyTuple>, _keywords: Option<&Bound<'_, PyDict>>) -> Self {
        Self { answer: GilCell::new(None), objects: GilCell::default() }
    }

    /// The whole body, as bytes. Awaited, it is read.
    ///
    /// Raises `ClientPayloadError` if it does not come to its end, `ClientConnectionError` if the response was released.
    fn read(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        let py = slf.py();
        let answer = slf.get().answer(py)?;
        let home = answer.body.home().clone();
        let known = answer.data.borrow().clone();
        let owner: Owned = slf.clone().into_any().into();
        if let Some(known) = known {
            let given = if answer.released.get() { Err(errors::released(py)) } else { Ok(known) };
            return HttpReading::create(py, &home, Rc::new(Given::new(given)), owner);
        }
        let body = Rc::clone(&answer.body);
        let read = Read::telling(body, Want::All, move |py, data| match data {
            Some(data) => {
                let stale = answer.data.replace(Some(data.clone()));
                drop(stale);
            }
            // As aiohttp: what of the body was read by then is lost.
            None => answer.release(py),
        });
        HttpReading::create(py, &home, Rc::new(read), owner)
    }

    /// Lets go of the connection: it serves others if the body was read, and is closed otherwise. May be awaited.
    fn release(&self, py: Python<'_>) -> PyResult<Owned> {
        self.answer(py)?.release(py);
        over(py)
    }

    /// Lets go of the connection.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.answer(py)?.release(py);
        Ok(())
    }

    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        let py = slf.py();
        let answer = slf.get().answer(py)?;
        answer.in_context.set(true);
        let given = Given::new(Ok(slf.clone().into_any().into()));
        HttpReading::create(py, answer.body.home(), Rc::new(given), slf.clone().into_any().into())
    }

    #[pyo3(signature = (exc_type = None, exc = None, tb = None))]
    fn __aexit__(
        &self,
        py: Python<'_>,
        exc_type: Option<&Bound<'_, PyAny>>,
        exc: Option<&Bound<'_, PyAny>>,
        tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Owned> {
        let _ = (exc_type, exc, tb);
        self.leave(py)?;
        over(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.objects.with(py, |objects| objects.all().try_for_each(|object| object.visit(&visit)))
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let held = self.objects.with(py, std::mem::take);
        drop(held);
    }
}

/// Each response goes through this at its end, so that only one that is not closed costs a call of Python.
static DEL: Native = noargs(c"__del__", c"__del__($self)\n--\n\nTells of a response that nobody has closed.", end);

/// Gives the class its finalizer.
pub fn init(py: Python<'_>) -> PyResult<()> {
    DEL.attach(&py.get_type::<HttpResponse>())
}

fn end(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live instance of the class.
    let slf = unsafe { Borrowed::from_ptr(py, slf) };
    let native = slf.cast::<HttpResponse>()?;
    let open = native
        .get()
        .answer
        .with(py, |answer| answer.as_ref().map(|answer| answer.get(py)).is_some_and(|answer| !answer.is_closed()));
    if open {
        call_method(intern!(py, "_unclosed"), [&slf])?;
    }
    Ok(py.None().into_bound(py).into())
}

/// A response that belongs to `home`.
fn local(home: &Loop, answer: Answer) -> Local<Rc<Answer>> {
    Local::new(home.clone(), Rc::new(answer))
}
