//! `HttpOptions`: how requests are made.

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderMap, Version};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use rondel_http::conn::Limits;
use rondel_http::connect::{Observer, Proxy, Route};
use rondel_http::{CookieStore, Options, Redirect, Target, Timeouts, basic_authorization};

use super::client::State as ClientState;
use super::cookies::Cookies;
use super::local::Local;
use super::observer::Observe;
use super::runtime::Loop;
use super::settings::duration;
use super::trust::Trust;
use super::{headers, policy, response};
use crate::cell::GilCell;
use crate::raw::Owned;

/// A proxy's URL, and the headers that it is told.
type GivenProxy = (String, Vec<(Vec<u8>, Vec<u8>)>);

/// What can be said of a request besides what is sent.
#[allow(clippy::struct_excessive_bools)] // each is one of Python's
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpOptions {
    timeouts: Timeouts,
    redirect: Redirect,
    decompress: bool,
    pub raise_for_status: bool,
    proxy: Option<GivenProxy>,
    server_name: Option<String>,
    expect_continue: bool,
    pub read_bufsize: usize,
    pub limits: Limits,
    http10: bool,
    /// The request is to change the protocol.
    upgrade: bool,
    objects: GilCell<Objects>,
    /// For the client that asked last.
    prepared: GilCell<Option<Local<Prepared>>>,
}

/// What the collector is to see.
struct Objects {
    trust: Trust,
    retry: Option<Owned>,
    cookies: Option<Owned>,
    observer: Option<Owned>,
    response_class: Option<Owned>,
}

/// The same for a client.
#[derive(Clone)]
pub struct Prepared {
    client: u64,
    pub options: Rc<Options>,
    /// Host and port of the proxy.
    pub proxy: Option<(Rc<str>, u16)>,
    pub fingerprint: Option<[u8; 32]>,
    cookies: Option<Rc<Cookies>>,
    observer: Option<Rc<Observe>>,
}

/// The keywords of a call, each of which must be there.
struct Keywords<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'py> Keywords<'_, 'py> {
    fn any(&self, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.0.get_item(name)?.ok_or_else(|| PyTypeError::new_err(format!("HttpOptions() needs {name}=")))
    }

    fn object(&self, name: &str) -> PyResult<Option<Owned>> {
        Ok(Some(self.any(name)?).filter(|value| !value.is_none()).map(Owned::from))
    }

    fn yes(&self, name: &str) -> PyResult<bool> {
        self.any(name)?.is_truthy()
    }

    fn text(&self, name: &str) -> PyResult<Option<String>> {
        let text = self.any(name)?;
        text.extract().map_err(|_| PyTypeError::new_err(format!("{name} is a str or None, got {text:?}")))
    }

    fn size(&self, name: &str) -> PyResult<usize> {
        let size = self.any(name)?;
        size.extract().map_err(|error: PyErr| {
            if error.is_instance_of::<PyTypeError>(size.py()) {
                PyTypeError::new_err(format!("{name} is an int, got {size:?}"))
            } else {
                PyValueError::new_err(format!("{name} can't be {size:?}"))
            }
        })
    }

    fn seconds(&self, name: &str) -> PyResult<Option<Duration>> {
        let seconds: Option<f64> = self.any(name)?.extract()?;
        seconds.map(|seconds| duration(seconds, name)).transpose()
    }
}

#[pymethods]
impl HttpOptions {
    #[new]
    #[pyo3(signature = (**keywords))]
    fn new(py: Python<'_>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let none = PyDict::new(py);
        let given = Keywords(keywords.unwrap_or(&none));
        let ceil = given.seconds("ceil_threshold")?.unwrap_or(Duration::MAX);
        let response_class = given.any("response_class")?;
        response::check_class(response_class.cast::<PyType>()?)?;
        let proxy: Option<String> = given.any("proxy")?.extract()?;
        let proxy_headers: Vec<(Vec<u8>, Vec<u8>)> = given.any("proxy_headers")?.extract()?;
        let proxy = proxy.map(|url| (url, proxy_headers));
        let redirect = if given.yes("follow")? {
            Redirect::Follow { max: given.any("max_redirects")?.extract()? }
        } else {
            Redirect::Stop
        };
        Ok(Self {
            timeouts: Timeouts {
                total: given.seconds("total")?,
                connect: given.seconds("connect")?,
                sock_connect: given.seconds("sock_connect")?,
                sock_read: given.seconds("sock_read")?,
                ceil_threshold: ceil,
            },
            redirect,
            decompress: given.yes("decompress")?,
            raise_for_status: given.yes("raise_for_status")?,
            proxy,
            server_name: given.text("server_hostname")?,
            expect_continue: given.yes("expect_continue")?,
            read_bufsize: given.size("read_bufsize")?,
            limits: Limits {
                line: given.size("max_line_size")?,
                field: given.size("max_field_size")?,
                fields: given.size("max_headers")?,
            },
            http10: given.yes("http10")?,
            upgrade: given.yes("upgrade")?,
            objects: GilCell::new(Objects {
                trust: Trust::of_python(&given.any("tls")?)?,
                retry: given.object("retry")?,
                cookies: given.object("cookies")?,
                observer: given.object("observer")?,
                response_class: Some(response_class.into()),
            }),
            prepared: GilCell::new(None),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.objects.with(py, |objects| {
            let Objects { trust, retry, cookies, observer, response_class } = objects;
            [trust.context(), retry.as_ref(), cookies.as_ref(), observer.as_ref(), response_class.as_ref()]
                .into_iter()
                .flatten()
                .try_for_each(|object| object.visit(&visit))
        })?;
        // Whoever uses what is prepared keeps these options, too.
        self.prepared.with(py, |prepared| {
            let Some(prepared) = prepared.as_ref().map(|prepared| prepared.get(py)) else { return Ok(()) };
            let cookies = prepared.cookies.iter().flat_map(|cookies| cookies.objects());
            let observer = prepared.observer.as_ref().map(|observer| observer.object());
            cookies.chain(observer).try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let prepared = self.prepared.with(py, Option::take);
        let held = self.objects.with(py, |objects| {
            let Objects { trust, retry, cookies, observer, response_class } = objects;
            (
                std::mem::replace(trust, Trust::Usual),
                retry.take(),
                cookies.take(),
                observer.take(),
                response_class.take(),
            )
        });
        drop((prepared, held));
    }
}

impl HttpOptions {
    /// What responses are made of.
    pub fn response_class(&self, py: Python<'_>) -> PyResult<Owned> {
        self.objects
            .with(py, |objects| objects.response_class.clone())
            .ok_or_else(|| PyValueError::new_err("these options were cleared by the garbage collector"))
    }

    /// Whom a request trusts; as usual: as its client does.
    pub fn trust(&self, py: Python<'_>) -> Trust {
        self.objects.with(py, |objects| objects.trust.clone())
    }

    /// Whether somebody is told of what happens: Python code, which is to run in the task that waits.
    pub fn is_observed(&self, py: Python<'_>) -> bool {
        self.objects.with(py, |objects| objects.observer.is_some())
    }

    /// For a client; made once.
    ///
    /// Errors: those of a proxy's URL and headers, and of what the policy for retries holds.
    pub fn prepare(&self, py: Python<'_>, home: &Loop, client: &ClientState) -> PyResult<Prepared> {
        let number = client.number();
        let known = self.prepared.with(py, |place| {
            place.as_ref().map(|prepared| prepared.get(py)).filter(|prepared| prepared.client == number).cloned()
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let made = self.make(py, home, client)?;
        let kept = Local::new(home.clone(), made.clone());
        let stale = self.prepared.with(py, |place| place.replace(kept));
        drop(stale);
        Ok(made)
    }

    fn make(&self, py: Python<'_>, home: &Loop, client: &ClientState) -> PyResult<Prepared> {
        let (trust, retry, cookies, observer) = self.objects.with(py, |objects| {
            (objects.trust.clone(), objects.retry.clone(), objects.cookies.clone(), objects.observer.clone())
        });
        let choice = trust.choice(py, client.contexts())?;
        let proxy = self.proxy.as_ref().map(|proxy| make_proxy(py, proxy)).transpose()?;
        let place = proxy.as_ref().map(|proxy| (Rc::from(proxy.url.host()), proxy.url.port()));
        // HTTP/2 has no place for either.
        let http1 = self.upgrade || self.http10;
        let usual = proxy.is_none() && choice.is_none() && self.server_name.is_none() && !http1;
        let route = (!usual).then(|| {
            Rc::new(Route {
                proxy: proxy.map(Rc::new),
                tls: choice.unwrap_or_else(|| client.choice().clone()),
                server_name: self.server_name.as_deref().map(Rc::from),
                http1,
            })
        });
        let retry = retry.map(|retry| policy::retry(py, home, retry.bind(py))).transpose()?;
        let cookies = cookies.map(|object| Cookies::new(py, object).map(Rc::new)).transpose()?;
        let observer = observer.map(|object| Rc::new(Observe::new(object)));
        let options = Options {
            timeouts: self.timeouts.clone(),
            redirect: self.redirect,
            retry,
            decompress: self.decompress,
            route,
            expect_continue: self.expect_continue,
            cookies: cookies.clone().map(|cookies| cookies as Rc<dyn CookieStore>),
            observer: observer.clone().map(|observer| observer as Rc<dyn Observer>),
            version: if self.http10 { Version::HTTP_10 } else { Version::HTTP_11 },
        };
        let fingerprint = trust.fingerprint().or_else(|| client.fingerprint());
        Ok(Prepared {
            client: client.number(),
            options: Rc::new(options),
            proxy: place,
            fingerprint,
            cookies,
            observer,
        })
    }
}

fn make_proxy(py: Python<'_>, (url, fields): &GivenProxy) -> PyResult<Proxy> {
    let url = Target::parse_lenient(url)
        .map_err(|error| super::errors::exception(py, &error, &super::errors::About::default()))?;
    let list = PyList::empty(py);
    for (name, value) in fields {
        let pair = [pyo3::types::PyBytes::new(py, name), pyo3::types::PyBytes::new(py, value)];
        list.append(PyTuple::new(py, pair)?)?;
    }
    let mut headers: HeaderMap = headers::of_python(&list)?;
    let authorization = headers.remove(http::header::PROXY_AUTHORIZATION).or_else(|| basic_authorization(&url));
    Ok(Proxy { url, authorization, headers })
}
