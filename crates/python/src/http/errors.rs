//! What has gone wrong, as the exceptions that programs know: python/rondel/http/_errors.py makes them.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use rondel_http::connect::ConnectFailed;
use rondel_http::{Error, Kind, Phase, Target};

use super::trust::Trust;
use crate::errors::os_error;
use crate::raw::Owned;

/// What was asked for, in the end.
#[derive(Clone)]
pub struct Asked {
    pub method: Method,
    pub url: Target,
    /// As the program gave them.
    pub headers: Rc<HeaderMap>,
}

impl Asked {
    /// `(method, url, [(name, value)])`, with `Host` first.
    pub fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let fields = PyList::empty(py);
        if !self.headers.contains_key(http::header::HOST) {
            fields.append((PyBytes::new(py, b"Host"), PyBytes::new(py, self.url.authority().as_bytes())))?;
        }
        for (name, value) in &*self.headers {
            let name = super::headers::shown(name, false);
            fields.append((PyBytes::new(py, &name), PyBytes::new(py, value.as_bytes())))?;
        }
        (self.method.as_str(), self.url.as_str(), fields).into_pyobject(py)
    }
}

/// What an error does not know of itself.
#[derive(Default)]
pub struct About<'a> {
    pub asked: Option<&'a Asked>,
    /// A tuple of responses.
    pub history: Option<&'a Owned>,
    /// The Unix socket that was to be connected to.
    pub unix: Option<&'a str>,
    /// The digest that the server's certificate should have had.
    pub fingerprint: Option<[u8; 32]>,
    /// Host and port of the proxy that the request went through.
    pub proxied: Option<(&'a str, u16)>,
    /// Whom the request trusted.
    pub trust: Option<&'a Trust>,
}

/// An exception that Python code has raised inside of the client.
#[derive(Debug)]
pub struct Raised(pub PyErr);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Raised {}

impl Raised {
    /// As the error of a system call.
    pub fn io(error: PyErr) -> io::Error {
        io::Error::other(Self(error))
    }

    /// The one among the causes of `error`.
    fn among<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a PyErr> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(Self(raised)) = error.downcast_ref() {
                return Some(raised);
            }
            // Of an error made by `io::Error::other`, the source is what that one has for its source.
            if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                return Self::among(inner);
            }
            next = error.source();
        }
        None
    }
}

/// The exception for `error`.
#[cold]
pub fn exception(py: Python<'_>, error: &Error, about: &About<'_>) -> PyErr {
    described(py, error, about).and_then(|(kind, known)| make(py, kind, &known)).unwrap_or_else(|failed| failed)
}

/// What reading from a response raises that was released.
#[cold]
pub fn released(py: Python<'_>) -> PyErr {
    plain(py, "Closed", "Connection closed")
}

/// An exception of this kind that nothing but a message is known of.
#[cold]
pub fn plain(py: Python<'_>, kind: &'static str, message: &str) -> PyErr {
    let known = PyDict::new(py);
    known
        .set_item(intern!(py, "message"), message)
        .and_then(|()| make(py, kind, &known))
        .unwrap_or_else(|failed| failed)
}

/// A line of a body is longer than `most` bytes.
#[cold]
pub fn line_too_long(py: Python<'_>, start: &Owned, most: usize) -> PyErr {
    match start.bind(py).repr() {
        Ok(start) => plain(py, "LineTooLong", &format!("Got more than {most} bytes when reading: {start}...")),
        Err(error) => error,
    }
}

fn make(py: Python<'_>, kind: &str, known: &Bound<'_, PyDict>) -> PyResult<PyErr> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "rondel.http._errors", "make")?;
    Ok(PyErr::from_value(make.call((kind,), Some(known))?))
}

/// The name of the kind, and what is known.
fn described<'py>(py: Python<'py>, error: &Error, about: &About<'_>) -> PyResult<(&'static str, Bound<'py, PyDict>)> {
    let known = PyDict::new(py);
    if let Some(origin) = error.origin() {
        known.set_item(intern!(py, "host"), &origin.host)?;
        known.set_item(intern!(py, "port"), origin.port)?;
        known.set_item(intern!(py, "tls"), origin.tls)?;
    }
    if let Some(asked) = about.asked {
        known.set_item(intern!(py, "request"), asked.to_python(py)?)?;
    }
    if let Some(history) = about.history {
        known.set_item(intern!(py, "history"), history.bind(py))?;
    }
    if let Some(trust) = about.trust {
        known.set_item(intern!(py, "ssl"), trust.to_python(py))?;
    }
    if let Some(path) = about.unix {
        known.set_item(intern!(py, "path"), path)?;
    }
    if let (Some(proxy), Some(origin)) = (about.proxied, error.origin()) {
        known.set_item(intern!(py, "proxied"), proxy == (&*origin.host, origin.port))?;
    }
    if let Some(raised) = Raised::among(error) {
        // With its traceback, which before Python 3.12 is not a part of it.
        let raised = raised.clone_ref(py).into_value(py).into_bound(py);
        known.set_item(intern!(py, "cause"), &raised)?;
        if raised.is_instance_of::<PyOSError>() {
            known.set_item(intern!(py, "os_error"), &raised)?;
        }
    } else if let Some(system) = system_error(py, error)? {
        known.set_item(intern!(py, "os_error"), system.value(py))?;
    }
    let kind = kind(py, error, about, &known)?;
    Ok((kind, known))
}

fn kind(py: Python<'_>, error: &Error, about: &About<'_>, known: &Bound<'_, PyDict>) -> PyResult<&'static str> {
    let message = intern!(py, "message");
    let (name, text) = match error.kind() {
        Kind::InvalidUrl(url) => (with_url(known, "InvalidUrl", url)?, error.source().map(ToString::to_string)),
        Kind::NotHttp(url) => return with_url(known, "NotHttp", url),
        Kind::InvalidRedirect(url) => return with_url(known, "InvalidRedirect", url),
        Kind::RedirectNotHttp(url) => return with_url(known, "RedirectNotHttp", url),
        Kind::TooManyRedirects(_) => ("TooManyRedirects", None),
        Kind::Lookup => ("Lookup", Some(cause(error))),
        Kind::Connect => ("Connect", Some(cause(error))),
        Kind::Tls => ("Tls", Some(cause(error))),
        Kind::Certificate(why, der) => {
            if let Some(der) = der {
                known.set_item(intern!(py, "certificate"), PyBytes::new(py, der))?;
            }
            if let (Some(expected), Some(der)) = (about.fingerprint, der) {
                let digest =
                    py.import(intern!(py, "hashlib"))?.call_method1(intern!(py, "sha256"), (PyBytes::new(py, der),))?;
                known.set_item(intern!(py, "expected"), PyBytes::new(py, &expected))?;
                known.set_item(intern!(py, "got"), digest.call_method0(intern!(py, "digest"))?)?;
                return Ok("Fingerprint");
            }
            let why = why.strip_prefix("certificate verify failed: ").unwrap_or(why);
            ("Certificate", Some(why.to_owned()))
        }
        Kind::Proxy(status, reason, fields) => {
            known.set_item(intern!(py, "status"), *status)?;
            let bytes = |(name, value): (&HeaderName, &HeaderValue)| {
                (PyBytes::new(py, &super::headers::shown(name, false)), PyBytes::new(py, value.as_bytes()))
            };
            known.set_item(intern!(py, "headers"), PyList::new(py, fields.iter().map(bytes).collect::<Vec<_>>())?)?;
            ("Proxy", Some(reason.clone()))
        }
        // aiohttp's exception has a text of its own.
        Kind::Disconnected => ("Disconnected", None),
        Kind::Malformed(why) => ("Malformed", Some(why.clone())),
        Kind::Payload(_) => ("Payload", Some(error.to_string())),
        Kind::Bomb { .. } => ("Bomb", Some(error.to_string())),
        Kind::Timeout(phase, limit) => {
            known.set_item(intern!(py, "seconds"), limit.as_secs_f64())?;
            let name = match phase {
                Phase::Total => "TimeoutTotal",
                Phase::Connect => "TimeoutConnect",
                Phase::SockConnect => "TimeoutSockConnect",
                Phase::SockRead => "TimeoutSockRead",
            };
            (name, Some(error.to_string()))
        }
        Kind::Closed => ("Closed", None),
        Kind::Body => ("Body", error.first_cause().map(ToString::to_string)),
        Kind::Cookies => ("Cookies", Some(error.to_string())),
        _ => ("Io", Some(error.to_string())),
    };
    if let Some(text) = text {
        known.set_item(message, text)?;
    }
    Ok(name)
}

fn with_url(known: &Bound<'_, PyDict>, name: &'static str, url: &str) -> PyResult<&'static str> {
    known.set_item(intern!(known.py(), "url"), url)?;
    Ok(name)
}

/// What is said of the cause, or of the error if there is none.
fn cause(error: &Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The `OSError` among the causes: of several attempts to connect one that names all, as asyncio does.
fn system_error(py: Python<'_>, error: &Error) -> PyResult<Option<PyErr>> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(ConnectFailed { attempts, .. }) = source.downcast_ref() {
            return Ok(Some(match attempts.as_slice() {
                [] => PyOSError::new_err("no address to connect to"),
                [(address, failed)] => attempt(py, *address, failed)?,
                several => all_of(py, several)?,
            }));
        }
        if let Some(failed) = source.downcast_ref::<io::Error>() {
            return Ok(Some(os_error(py, failed)));
        }
        next = source.source();
    }
    Ok(None)
}

/// One error for several attempts, with their number if all have the same.
fn all_of(py: Python<'_>, attempts: &[(SocketAddr, io::Error)]) -> PyResult<PyErr> {
    let text = |(address, failed): &(SocketAddr, io::Error)| -> PyResult<String> {
        Ok(attempt(py, *address, failed)?.value(py).str()?.to_string())
    };
    let texts = attempts.iter().map(text).collect::<PyResult<Vec<_>>>()?;
    let text = format!("Multiple exceptions: {}", texts.join(", "));
    let mut numbers = attempts.iter().map(|(_, failed)| failed.raw_os_error());
    let first = numbers.next().flatten().filter(|first| numbers.all(|number| number == Some(*first)));
    let all = py.get_type::<PyOSError>();
    Ok(PyErr::from_value(if let Some(errno) = first { all.call1((errno, text))? } else { all.call1((text,))? }))
}

/// `OSError(errno, "Connect call failed ('127.0.0.1', 80)")`, in the words of `asyncio`'s `sock_connect`.
fn attempt(py: Python<'_>, address: SocketAddr, failed: &io::Error) -> PyResult<PyErr> {
    let Some(errno) = failed.raw_os_error() else { return Ok(os_error(py, failed)) };
    let named = super::address::to_python(py, address)?;
    let mut text = format!("Connect call failed {}", named.bind(py).repr()?);
    // It is the address on this side, not the one that is named.
    if failed.kind() == io::ErrorKind::AddrNotAvailable {
        text.push_str(": cannot assign requested local address");
    }
    Ok(PyErr::from_value(py.get_type::<PyOSError>().call1((errno, text))?))
}
