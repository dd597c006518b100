//! `HttpBody`: the body of a request, written piece by piece.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pyo3::exceptions::{PyConnectionResetError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::{BodySender, Refused, RequestBody, channel};

use super::errors::Raised;
use super::local::Local;
use super::places::Job;
use super::reading::{HttpReading, Outcome};
use super::runtime::{Loop, attached};
use crate::cell::GilCell;
use crate::raw::Owned;
use crate::stream::{Chunk, View};

/// Bytes from which on an object is shared, not copied.
const SHARED: usize = 4096;

/// Bytes that wait to be sent, above which a write waits.
const WINDOW: usize = 64 * 1024;

/// The sending end.
struct Upload {
    sender: BodySender,
    sent: Cell<u64>,
    /// What the program wants called when nobody takes more, before it has ended the body.
    on_close: RefCell<Option<Owned>>,
}

/// The body of one request, written piece by piece.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpBody {
    length: Option<u64>,
    /// Before a request has it; the upload has it then.
    on_close: GilCell<Option<Owned>>,
    upload: GilCell<Option<Local<Rc<Upload>>>>,
}

#[pymethods]
impl HttpBody {
    /// `length`: of the whole body, in bytes, if that is known; it is sent in chunks otherwise. `on_close()` is called once
    /// when nobody takes more, if the body has not ended before.
    #[new]
    #[pyo3(signature = (length = None, on_close = None))]
    fn new(length: Option<u64>, on_close: Option<&Bound<'_, PyAny>>) -> Self {
        let on_close = on_close.map(|callback| callback.clone().into());
        Self { length, on_close: GilCell::new(on_close), upload: GilCell::new(None) }
    }

    /// Whether nobody takes more of it: the response has come, or the request has failed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.attached(py).is_some_and(|(upload, _)| !upload.sender.is_open())
    }

    /// Bytes handed over to the connection, or waiting to be.
    #[getter]
    fn sent(&self, py: Python<'_>) -> u64 {
        self.attached(py).map_or(0, |(upload, _)| upload.sent.get())
    }

    /// Puts bytes in. Awaited, it waits while too many wait to be sent.
    ///
    /// Raises `ConnectionResetError` when nobody takes them any more, `ValueError` for more than the announced length.
    fn write(slf: &Bound<'_, Self>, data: &Bound<'_, PyAny>) -> PyResult<Owned> {
        let py = slf.py();
        let (upload, home) = slf.get().attached(py).ok_or_else(unattached)?;
        let data = bytes_of(data)?;
        let write = Write { upload, data: RefCell::new(Some(data)), result: RefCell::default() };
        HttpReading::create(py, &home, Rc::new(write), slf.clone().into_any().into())
    }

    /// That was all.
    fn finish(&self, py: Python<'_>) {
        self.end(py, BodySender::finish);
    }

    /// The rest can't be had: the request fails with the exception.
    fn fail(&self, py: Python<'_>, error: &Bound<'_, PyAny>) {
        let error = Raised(PyErr::from_value(error.clone()));
        self.end(py, |sender| sender.fail(error));
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.on_close.with(py, |callback| callback.as_ref().map_or(Ok(()), |callback| callback.visit(&visit)))?;
        self.upload.with(py, |place| {
            let Some(upload) = place.as_ref().map(|upload| upload.get(py)) else { return Ok(()) };
            let Ok(callback) = upload.on_close.try_borrow() else { return Ok(()) };
            callback.as_ref().map_or(Ok(()), |callback| callback.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let own = self.on_close.with(py, Option::take);
        let callback = self.attached(py).map(|(upload, _)| upload.on_close.take());
        drop((own, callback));
    }
}

impl HttpBody {
    /// The request's half.
    ///
    /// Errors: `RuntimeError` if another request has it.
    pub fn attach(&self, py: Python<'_>, home: &Loop) -> PyResult<RequestBody> {
        if self.attached(py).is_some() {
            return Err(PyRuntimeError::new_err("this body belongs to another request"));
        }
        let (sender, body) = channel(WINDOW, self.length);
        let on_close = self.on_close.with(py, Option::take);
        let watched = on_close.is_some();
        let upload = Rc::new(Upload { sender, sent: Cell::new(0), on_close: RefCell::new(on_close) });
        if watched {
            let upload = Rc::downgrade(&upload);
            home.start(py, Box::pin(poll_fn(move |cx| watch(&upload, cx))));
        }
        let made = Local::new(home.clone(), upload);
        let stale = self.upload.with(py, |place| place.replace(made));
        drop(stale);
        Ok(body)
    }

    fn attached(&self, py: Python<'_>) -> Option<(Rc<Upload>, Loop)> {
        self.upload.with(py, |place| place.as_ref().map(|upload| (Rc::clone(upload.get(py)), upload.home(py).clone())))
    }

    fn end(&self, py: Python<'_>, end: impl FnOnce(&BodySender)) {
        let Some((upload, home)) = self.attached(py) else { return };
        let callback = upload.on_close.take();
        drop(callback);
        home.enter(py, || end(&upload.sender));
    }
}

/// Waits until nobody takes more, and says so.
fn watch(upload: &Weak<Upload>, cx: &mut Context<'_>) -> Poll<()> {
    let Some(upload) = upload.upgrade() else { return Poll::Ready(()) };
    ready!(upload.sender.poll_gone(cx));
    let callback = upload.on_close.take();
    if let Some(callback) = callback {
        let py = attached();
        if let Err(error) = callback.bind(py).call0() {
            error.write_unraisable(py, Some(callback.bind(py)));
        }
    }
    Poll::Ready(())
}

/// What a bytes-like object holds. Long bytes objects are shared: the client drops its reference where it drops all else, with
/// the GIL held.
///
/// Errors: `TypeError` for another object.
pub fn bytes_of(data: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    match data.cast_exact::<PyBytes>() {
        Ok(data) if data.as_bytes().len() >= SHARED => Ok(Bytes::from_owner(Chunk::shared(data))),
        Ok(data) => Ok(Bytes::copy_from_slice(data.as_bytes())),
        Err(_) => Ok(Bytes::copy_from_slice(View::new(data)?.bytes())),
    }
}

#[cold]
fn unattached() -> PyErr {
    PyRuntimeError::new_err("this body belongs to no request yet: give it to HttpClient.send first")
}

/// One write.
struct Write {
    upload: Rc<Upload>,
    data: RefCell<Option<Bytes>>,
    result: RefCell<Option<Result<(), Refused>>>,
}

impl Write {
    fn go_on(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        ready!(self.upload.sender.poll_ready(cx))?;
        let data = self.data.take().unwrap_or_default();
        let size = data.len() as u64;
        let sent = self.upload.sender.try_send(data);
        if sent.is_ok() {
            self.upload.sent.set(self.upload.sent.get() + size);
        }
        Poll::Ready(sent)
    }
}

impl Job for Write {
    fn poll(&self, _py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(result) = self.go_on(cx) else { return Poll::Pending };
        self.result.replace(Some(result));
        Poll::Ready(())
    }

    fn cancel(&self, _py: Python<'_>) {
        let data = self.data.take();
        drop(data);
    }
}

impl Outcome for Write {
    fn take(&self, py: Python<'_>) -> PyResult<Owned> {
        match self.result.take() {
            Some(Ok(())) => Ok(py.None().into_bound(py).into()),
            Some(Err(Refused::TooLong(beyond))) => {
                Err(PyValueError::new_err(format!("the body goes {beyond} bytes beyond its announced length")))
            }
            Some(Err(Refused::Ended)) => Err(PyRuntimeError::new_err("the body has ended already")),
            Some(Err(Refused::Gone)) | None => {
                Err(PyConnectionResetError::new_err("Cannot write to closing transport"))
            }
        }
    }
}
