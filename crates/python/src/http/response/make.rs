//! How responses are made: natively, of a class that a program may have derived.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use http::header::{CONTENT_ENCODING, TRANSFER_ENCODING};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};
use rondel_http::{Head, Incoming};

use super::{Answer, HttpResponse, local};
use crate::http::errors::Asked;
use crate::http::incoming::Body;
use crate::http::runtime::Loop;
use crate::raw::Owned;

/// What the responses of one request have in common.
pub struct Maker<'a> {
    pub home: &'a Loop,
    /// A subclass of `ClientResponse`.
    pub class: Owned,
    pub session: Option<Owned>,
    /// Bytes that wait to be read at most, where nobody reads.
    pub high: usize,
    pub asked: &'a Asked,
}

/// Errors: `TypeError` if responses can't be of `class`.
pub fn check_class(class: &Bound<'_, PyType>) -> PyResult<()> {
    if class.is_subclass_of::<HttpResponse>()? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "response_class: {} is not derived from ClientResponse",
        class.fully_qualified_name()?
    )))
}

/// An instance, whose `__init__` is not called.
fn instance<'py>(py: Python<'py>, class: &Owned) -> PyResult<Bound<'py, PyAny>> {
    let class = class.bind(py).cast::<PyType>()?;
    let none = PyTuple::empty(py);
    // SAFETY: the class is a live type, and is called as the interpreter does it; the call gives a new reference or sets
    // an exception.
    let made = unsafe {
        let kind = class.as_type_ptr();
        let Some(new) = (*kind).tp_new else {
            return Err(PyTypeError::new_err("response_class can't be instantiated"));
        };
        Owned::from_new(py, new(kind, none.as_ptr(), std::ptr::null_mut::<ffi::PyObject>()))
    }?;
    Ok(made.bind(py).clone())
}

fn fill(py: Python<'_>, maker: &Maker<'_>, answer: Answer, of: Objects) -> PyResult<Owned> {
    let made = instance(py, &maker.class)?;
    let response = made.cast::<HttpResponse>()?.get();
    let answer = local(maker.home, answer);
    let stale = response.answer.with(py, |place| place.replace(answer));
    drop(stale);
    let session = maker.session.clone();
    response.objects.with(py, |objects| {
        objects.session = session;
        objects.request_info = of.request_info;
        objects.history = of.history;
    });
    Ok(made.into())
}

/// What a new response knows from the start.
#[derive(Default)]
struct Objects {
    request_info: Option<Owned>,
    history: Option<Owned>,
}

/// The response to a request.
pub fn make(
    py: Python<'_>,
    maker: &Maker<'_>,
    mut incoming: Incoming<Loop>,
    request_info: Option<Owned>,
) -> PyResult<Owned> {
    let redirected = std::mem::take(&mut incoming.history);
    // After a redirect, what was asked for in the end is another thing.
    let request_info = request_info.filter(|_| redirected.is_empty());
    let history = if redirected.is_empty() { None } else { Some(history(py, maker, redirected)?) };
    // The body goes on without its head, but for what its errors name.
    let head = {
        let Head { status, version, reason, headers, url, method } = &mut incoming.head;
        let (reason, headers) = (std::mem::take(reason), std::mem::take(headers));
        Head { status: *status, version: *version, reason, headers, url: url.clone(), method: method.clone() }
    };
    let chunked = head.headers.contains_key(TRANSFER_ENCODING) && !head.headers.contains_key(CONTENT_ENCODING);
    let endpoints = Some(Rc::clone(incoming.endpoints()));
    let body = Body::new(maker.home, incoming, maker.high, chunked);
    let mut answer = answer(maker, head, body);
    answer.endpoints = endpoints;
    fill(py, maker, answer, Objects { request_info, history })
}

fn answer(maker: &Maker<'_>, head: Head, body: Rc<Body>) -> Answer {
    let Head { status, version, reason, headers, url, method } = head;
    Answer {
        status,
        version,
        reason,
        headers,
        url,
        method,
        asked: Rc::clone(&maker.asked.headers),
        body,
        endpoints: None,
        data: RefCell::default(),
        released: Cell::new(false),
        in_context: Cell::new(false),
    }
}

/// The redirects that were followed, as a tuple of responses, each with those before it.
pub fn history(py: Python<'_>, maker: &Maker<'_>, heads: Vec<Head>) -> PyResult<Owned> {
    let mut responses: Vec<Bound<'_, PyAny>> = Vec::with_capacity(heads.len());
    for head in heads {
        let before = PyTuple::new(py, &responses)?.into_any();
        let answer = answer(maker, head, Body::empty(maker.home));
        answer.released.set(true);
        let made = fill(py, maker, answer, Objects { request_info: None, history: Some(before.into()) })?;
        responses.push(made.bind(py).clone());
    }
    Ok(PyTuple::new(py, responses)?.into_any().into())
}
