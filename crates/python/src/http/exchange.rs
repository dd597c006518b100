//! `Exchange`: a request that a program awaits.

use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::{Failure, Incoming, Sending};

use super::awaitable::awaitable;
use super::client::{HttpClient, State};
use super::errors::{self, About, Asked};
use super::local::Local;
use super::options::{HttpOptions, Prepared};
use super::places::Job;
use super::reading::over;
use super::response::{self, HttpResponse, Maker};
use super::runtime::{Loop, attached};
use super::trust::Trust;
use super::waiting::{Waiting, stop, thrown};
use crate::cell::GilCell;
use crate::raw::{Owned, call_method};

/// A request under way.
pub struct Request {
    client: Rc<State>,
    /// None while it is polled, and when it is over.
    sending: RefCell<Option<Sending<Loop>>>,
    outcome: RefCell<Option<Result<Incoming<Loop>, Failure>>>,
    canceled: Cell<bool>,
    asked: Asked,
    prepared: Prepared,
    eager: bool,
}

impl Request {
    pub fn new(client: Rc<State>, sending: Sending<Loop>, asked: Asked, prepared: Prepared, eager: bool) -> Rc<Self> {
        Rc::new(Self {
            client,
            sending: RefCell::new(Some(sending)),
            outcome: RefCell::default(),
            canceled: Cell::new(false),
            asked,
            prepared,
            eager,
        })
    }
}

impl Job for Request {
    fn poll(&self, _py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut sending) = self.sending.take() else { return Poll::Pending };
        match Pin::new(&mut sending).poll(cx) {
            Poll::Pending => {
                if !self.canceled.get() {
                    self.sending.replace(Some(sending));
                }
                Poll::Pending
            }
            Poll::Ready(outcome) => {
                self.outcome.replace(Some(outcome));
                Poll::Ready(())
            }
        }
    }

    fn cancel(&self, _py: Python<'_>) {
        self.canceled.set(true);
        let held = (self.sending.take(), self.outcome.take());
        drop(held);
    }

    fn is_eager(&self) -> bool {
        self.eager
    }
}

struct Inner {
    waiting: Waiting,
    request: Rc<Request>,
    /// By `async with`.
    entered: Cell<bool>,
}

/// What the collector is to see.
#[derive(Default)]
struct Objects {
    client: Option<Owned>,
    options: Option<Owned>,
    session: Option<Owned>,
    request_info: Option<Owned>,
    response: Option<Owned>,
}

/// A request. Awaited, it gives the response; `async with` also releases that at its end.
#[pyclass(frozen, freelist = 128, module = "rondel._rondel")]
pub struct Exchange {
    inner: Local<Inner>,
    objects: GilCell<Objects>,
}

impl Exchange {
    pub fn create(
        py: Python<'_>,
        home: &Loop,
        request: Rc<Request>,
        client: Owned,
        options: Owned,
        session: Option<Owned>,
        request_info: Option<Owned>,
    ) -> PyResult<Owned> {
        let waiting = Waiting::new(home.clone(), Rc::clone(&request) as Rc<dyn Job>);
        let inner = Local::new(home.clone(), Inner { waiting, request, entered: Cell::new(false) });
        let objects = Objects { client: Some(client), options: Some(options), session, request_info, response: None };
        Ok(Bound::new(py, Self { inner, objects: GilCell::new(objects) })?.into_any().into())
    }

    fn step<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let inner = self.inner.get(py);
        if let Some(future) = inner.waiting.step(py)? {
            return Ok(Some(future.bind(py).clone()));
        }
        let response = self.finish(py, inner)?;
        Err(stop(py, response.bind(py)))
    }

    /// What has come of it.
    fn finish(&self, py: Python<'_>, inner: &Inner) -> PyResult<Owned> {
        let outcome = inner.request.outcome.take();
        let held = self.objects.with(py, |objects| {
            (objects.client.take(), objects.options.take(), objects.session.take(), objects.request_info.take())
        });
        let (Some(client), Some(options), session, request_info) = held else { return Err(over_already()) };
        let options = options.bind(py).cast::<HttpOptions>()?.get();
        let maker = Maker {
            home: self.inner.home(py),
            class: options.response_class(py)?,
            session,
            high: options.read_bufsize.saturating_mul(2),
            asked: &inner.request.asked,
        };
        match outcome {
            Some(Ok(incoming)) => {
                let response = response::make(py, &maker, incoming, request_info)?;
                let kept = response.clone();
                self.objects.with(py, |objects| objects.response = Some(kept));
                if options.raise_for_status {
                    call_method(intern!(py, "raise_for_status"), [response.bind(py)])?;
                }
                if inner.entered.get() {
                    response.bind(py).cast::<HttpResponse>()?.get().enter(py)?;
                }
                Ok(response)
            }
            Some(Err(failure)) => {
                let trust = match options.trust(py) {
                    Trust::Usual => client.bind(py).cast::<HttpClient>()?.get().trust(py),
                    own => own,
                };
                Err(failed(py, &maker, &inner.request, failure, &trust))
            }
            None => Err(over_already()),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let py = attached();
        let inner = self.inner.get(py);
        if inner.waiting.is_fresh() {
            never_awaited(py, &inner.request.asked);
        }
    }
}

/// Says what Python says of a coroutine.
#[cold]
fn never_awaited(py: Python<'_>, asked: &Asked) {
    // An exception may be on its way while objects are freed.
    let on_its_way = PyErr::take(py);
    let text = format!("the request {} {} was never awaited", asked.method, asked.url);
    let told = CString::new(text)
        .map_err(PyErr::from)
        .and_then(|text| PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1));
    if let Err(error) = told {
        error.write_unraisable(py, None);
    }
    if let Some(error) = on_its_way {
        error.restore(py);
    }
}

#[cold]
fn over_already() -> PyErr {
    PyRuntimeError::new_err("this request was closed before it was over")
}

#[cold]
fn failed(py: Python<'_>, maker: &Maker<'_>, request: &Request, failure: Failure, trust: &Trust) -> PyErr {
    let Failure { error, history, url, .. } = failure;
    let asked = Asked { url, ..request.asked.clone() };
    let history = match response::history(py, maker, history) {
        Ok(history) => history,
        Err(error) => return error,
    };
    let about = About {
        asked: Some(&asked),
        history: Some(&history),
        unix: request.client.unix().map(|path| &**path),
        fingerprint: request.prepared.fingerprint,
        proxied: request.prepared.proxy.as_ref().map(|(host, port)| (&**host, *port)),
        trust: Some(trust),
    };
    errors::exception(py, &error, &about)
}

awaitable!(Exchange);

#[pymethods]
impl Exchange {
    fn __aenter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf.get().inner.get(slf.py()).entered.set(true);
        slf
    }

    /// Releases the response.
    #[pyo3(signature = (exc_type = None, exc = None, tb = None))]
    fn __aexit__(
        &self,
        py: Python<'_>,
        exc_type: Option<&Bound<'_, PyAny>>,
        exc: Option<&Bound<'_, PyAny>>,
        tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Owned> {
        let _ = (exc_type, exc, tb);
        let response = self.objects.with(py, |objects| objects.response.take());
        if let Some(response) = response {
            response.bind(py).cast::<HttpResponse>()?.get().leave(py)?;
        }
        over(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.objects.with(py, |objects| {
            let Objects { client, options, session, request_info, response } = objects;
            [client, options, session, request_info, response]
                .into_iter()
                .flatten()
                .try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        self.inner.get(py).waiting.close(py);
        let held = self.objects.with(py, std::mem::take);
        drop(held);
    }
}
