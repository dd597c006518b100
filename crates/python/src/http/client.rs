//! `HttpClient`: the connections of a connector.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::conn::Limits;
use rondel_http::connect::TlsChoice;
use rondel_http::{Client, Outgoing, RequestBody, Settings, Target};

use super::body::{HttpBody, bytes_of};
use super::errors::{self, About, Asked};
use super::exchange::{Exchange, Request};
use super::headers;
use super::local::Local;
use super::lookup::Resolver;
use super::options::HttpOptions;
use super::runtime::{Holder, Loop};
use super::settings::{self, Sockets};
use super::trust::{Contexts, Trust};
use crate::cell::GilCell;
use crate::event_loop::core_in;
use crate::raw::Owned;

/// A client, and what it was made with.
pub struct State {
    number: u64,
    /// Made at the first request.
    client: OnceCell<Client<Loop>>,
    settings: RefCell<Option<Settings<Loop>>>,
    home: Loop,
    choice: TlsChoice,
    fingerprint: Option<[u8; 32]>,
    contexts: Contexts,
    resolver: Option<Rc<Resolver>>,
    sockets: Option<Rc<Sockets>>,
    unix: Option<Rc<str>>,
    closed: Cell<bool>,
    held: Cell<Option<usize>>,
}

impl State {
    /// No other client of the process has it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How TLS is spoken where the request does not say.
    pub fn choice(&self) -> &TlsChoice {
        &self.choice
    }

    /// The digest that the certificates of servers must have, where the request does not say.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.fingerprint
    }

    pub fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// The Unix socket that it connects to.
    pub fn unix(&self) -> Option<&Rc<str>> {
        self.unix.as_ref()
    }

    /// The client proper. `limits`: what the first request lets heads of answers be counts for all connections.
    ///
    /// Errors: `ClientConnectionError` if it is closed.
    pub fn client(&self, py: Python<'_>, limits: Limits) -> PyResult<&Client<Loop>> {
        if self.closed.get() {
            return Err(errors::plain(py, "Closed", "Connector is closed"));
        }
        Ok(self.client.get_or_init(|| {
            let mut settings = self.settings.take().unwrap_or_default();
            settings.connect.limits = limits;
            Client::new(self.home.clone(), settings)
        }))
    }

    fn shut(&self) {
        self.closed.set(true);
        let settings = self.settings.take();
        if let Some(client) = self.client.get() {
            client.close();
        }
        drop(settings);
    }
}

impl Holder for State {
    fn let_go(&self, _py: Python<'_>) {
        self.held.set(None); // by the loop, which forgets all
        self.shut();
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(number) = self.held.take() {
            self.home.forget(number);
        }
    }
}

/// Connections to servers, kept by a connector.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpClient {
    state: Local<Rc<State>>,
    objects: GilCell<Objects>,
}

/// What the collector is to see, besides what the state has.
struct Objects {
    event_loop: Option<Owned>,
    trust: Trust,
}

#[pymethods]
impl HttpClient {
    /// Raises `RuntimeError` if the loop is none of rondel's, or closed; `KeyError`, `TypeError`, `ValueError` for wrong
    /// settings.
    #[new]
    #[pyo3(signature = (event_loop, settings, /))]
    fn new(py: Python<'_>, event_loop: &Bound<'_, PyAny>, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(core) = core_in(event_loop) else { return Err(foreign(event_loop)) };
        let home = core.get().http_or_new(py)?;
        let settings::Read { settings, trust, choice, contexts, resolver, sockets, unix } =
            settings::read(&home, settings)?;
        let state = Rc::new(State {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            client: OnceCell::new(),
            settings: RefCell::new(Some(settings)),
            home: home.clone(),
            choice,
            fingerprint: trust.fingerprint(),
            contexts,
            resolver,
            sockets,
            unix: unix.map(Rc::from),
            closed: Cell::new(false),
            held: Cell::new(None),
        });
        let holder: Rc<dyn Holder> = Rc::<State>::clone(&state);
        state.held.set(Some(home.hold(Rc::downgrade(&holder))));
        drop(holder);
        let objects = Objects { event_loop: Some(event_loop.clone().into()), trust };
        Ok(Self { state: Local::new(home, state), objects: GilCell::new(objects) })
    }

    /// Connections in use.
    #[getter]
    fn acquired(&self, py: Python<'_>) -> usize {
        self.state.get(py).client.get().map_or(0, |client| client.statistics().in_use)
    }

    /// Connections that wait for a request.
    #[getter]
    fn idle(&self, py: Python<'_>) -> usize {
        self.state.get(py).client.get().map_or(0, |client| client.statistics().idle)
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.state.get(py).is_closed()
    }

    /// Forgets the addresses of a host and port, or of all.
    #[pyo3(signature = (host = None, port = None))]
    fn clear_dns_cache(&self, py: Python<'_>, host: Option<&str>, port: Option<u16>) {
        let (state, home) = (self.state.get(py), self.state.home(py));
        if let Some(client) = state.client.get() {
            home.enter(py, || client.clear_dns_cache(host.zip(port)));
        }
    }

    /// Closes all connections. What is under way on them fails. Again: no effect.
    fn close(&self, py: Python<'_>) {
        struct Shut(Rc<State>);
        impl Drop for Shut {
            fn drop(&mut self) {
                self.0.shut();
            }
        }
        // As what is dropped: at once, or from another thread soon.
        self.state.home(py).discard(py, Shut(Rc::clone(self.state.get(py))));
    }

    /// A request that begins when it is awaited.
    ///
    /// Raises `ValueError`, `TypeError` for what can't be sent, `ClientConnectionError` if it is closed.
    #[pyo3(signature = (method, url, headers, body, options, session, request_info))]
    #[allow(clippy::too_many_arguments)] // as its one caller has them
    fn send(
        slf: &Bound<'_, Self>,
        method: &str,
        url: &str,
        headers: &Bound<'_, PyList>,
        body: &Bound<'_, PyAny>,
        options: &Bound<'_, HttpOptions>,
        session: &Bound<'_, PyAny>,
        request_info: &Bound<'_, PyAny>,
    ) -> PyResult<Owned> {
        let py = slf.py();
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| PyValueError::new_err(format!("Method cannot contain non-token characters: {method:?}")))?;
        let url = Target::parse_encoded(url).map_err(|error| errors::exception(py, &error, &About::default()))?;
        let headers = Rc::new(headers::of_python(headers)?);
        let body = slf.get().body(py, body)?;
        let asked = Asked { method, url, headers };
        let some = |value: &Bound<'_, PyAny>| (!value.is_none()).then(|| Owned::from(value.clone()));
        Self::begin(slf, asked, body, options, some(session), some(request_info))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        let state = self.state.get(py);
        let resolver = state.resolver.as_ref().map(|resolver| resolver.object());
        let sockets = state.sockets.as_ref().map(|sockets| sockets.object());
        resolver.into_iter().chain(sockets).try_for_each(|object| object.visit(&visit))?;
        self.objects.with(py, |objects| {
            let held = [objects.event_loop.as_ref(), objects.trust.context()];
            held.into_iter().flatten().try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        self.close(py);
        let held = self
            .objects
            .with(py, |objects| (objects.event_loop.take(), std::mem::replace(&mut objects.trust, Trust::Usual)));
        drop(held);
    }
}

impl HttpClient {
    /// The state, and the loop that it belongs to.
    pub fn state<'a>(&'a self, py: Python<'_>) -> (&'a Rc<State>, &'a Loop) {
        (self.state.get(py), self.state.home(py))
    }

    /// Whom it trusts.
    pub fn trust(&self, py: Python<'_>) -> Trust {
        self.objects.with(py, |objects| objects.trust.clone())
    }

    /// An `Exchange`.
    pub fn begin(
        slf: &Bound<'_, Self>,
        asked: Asked,
        body: RequestBody,
        options: &Bound<'_, HttpOptions>,
        session: Option<Owned>,
        request_info: Option<Owned>,
    ) -> PyResult<Owned> {
        let py = slf.py();
        let (state, home) = slf.get().state(py);
        let prepared = options.get().prepare(py, home, state)?;
        let outgoing =
            Outgoing { method: asked.method.clone(), url: asked.url.clone(), headers: Rc::clone(&asked.headers), body };
        let sending = state.client(py, options.get().limits)?.send(outgoing, Rc::clone(&prepared.options));
        let eager = !options.get().is_observed(py);
        let request = Request::new(Rc::clone(state), sending, asked, prepared, eager);
        Exchange::create(
            py,
            home,
            request,
            slf.clone().into_any().into(),
            options.clone().into_any().into(),
            session,
            request_info,
        )
    }

    fn body(&self, py: Python<'_>, body: &Bound<'_, PyAny>) -> PyResult<RequestBody> {
        if body.is_none() {
            return Ok(RequestBody::Empty);
        }
        if body.is_instance_of::<PyBytes>() {
            return bytes_of(body).map(RequestBody::from);
        }
        match body.cast::<HttpBody>() {
            Ok(stream) => stream.get().attach(py, self.state.home(py)),
            Err(_) => {
                Err(PyTypeError::new_err(format!("body: expected bytes, HttpBody or None, not {}", body.repr()?)))
            }
        }
    }
}

#[cold]
fn foreign(event_loop: &Bound<'_, PyAny>) -> PyErr {
    let class = event_loop.get_type();
    match class.fully_qualified_name() {
        Ok(name) => PyRuntimeError::new_err(format!(
            "rondel.http works on rondel's event loop, and this one is of {name}: run the program by \
             rondel.run(main()) in place of asyncio.run(main()), or by `python -m rondel program.py`"
        )),
        Err(error) => error,
    }
}
