//! What a connector is made with.

use std::net::SocketAddr;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rondel_http::connect::{ConnectSettings, DnsCache, Http2, MakeSocket, Resolve, TlsChoice};
use rondel_http::io::ForeignTls;
use rondel_http::pool::PoolSettings;
use rondel_http::{Family, Settings};
use rondel_sys::sockaddr;

use super::address;
use super::errors::Raised;
use super::lookup::Resolver;
use super::runtime::{Loop, attached};
use super::tls::Foreign;
use super::trust::{Contexts, Trust};
use crate::raw::Owned;

/// What is read of a connector's dictionary.
pub struct Read {
    pub settings: Settings<Loop>,
    pub trust: Trust,
    pub choice: TlsChoice,
    pub contexts: Contexts,
    pub resolver: Option<Rc<Resolver>>,
    pub sockets: Option<Rc<Sockets>>,
    pub unix: Option<String>,
}

/// One dictionary; errors name the key.
struct Given<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'py> Given<'_, 'py> {
    /// `None` for None.
    fn any(&self, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.0.get_item(key)?.ok_or_else(|| PyKeyError::new_err(format!("no setting {key:?}")))?;
        Ok(Some(value).filter(|value| !value.is_none()))
    }

    fn some<T: FromPyObjectOwned<'py>>(&self, key: &str) -> PyResult<Option<T>> {
        let Some(value) = self.any(key)? else { return Ok(None) };
        match value.extract::<T>() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(PyTypeError::new_err(format!("{key}: not {}", value.repr()?))),
        }
    }

    fn need<T: FromPyObjectOwned<'py>>(&self, key: &str) -> PyResult<T> {
        self.some(key)?.ok_or_else(|| PyTypeError::new_err(format!("{key}: not None")))
    }

    fn seconds(&self, key: &str) -> PyResult<Option<Duration>> {
        self.some::<f64>(key)?.map(|seconds| duration(seconds, key)).transpose()
    }
}

/// Seconds as a duration. What is beyond counting is as long as can be.
///
/// Errors: `ValueError` for a NaN, and less than nothing.
pub fn duration(seconds: f64, name: &str) -> PyResult<Duration> {
    if seconds.is_nan() || seconds < 0.0 {
        return Err(PyValueError::new_err(format!("{name}: expected a number of seconds, not {seconds}")));
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// Reads the dictionary.
///
/// Errors: `KeyError`, `TypeError`, `ValueError` that name the key.
pub fn read(home: &Loop, dictionary: &Bound<'_, PyDict>) -> PyResult<Read> {
    let py = dictionary.py();
    let given = Given(dictionary);
    let trust = match given.any("tls")? {
        Some(tls) => Trust::of_python(&tls)?,
        None => Trust::Usual,
    };
    let contexts = Contexts::default();
    let choice = trust.choice(py, &contexts)?.unwrap_or_default();
    let resolver = given.any("resolver")?.map(|resolver| Rc::new(Resolver::new(home.clone(), resolver.into())));
    let sockets = given.any("socket_factory")?.map(|factory| Rc::new(Sockets(factory.into())));
    let unix: Option<String> = given.some("unix_path")?;
    let foreign: Rc<dyn ForeignTls<Loop>> = Rc::new(Foreign::new(contexts.clone()));
    let defaults = ConnectSettings::default();
    let connect = ConnectSettings {
        family: family(&given)?,
        local_addr: local(&given)?,
        happy_eyeballs_delay: given.seconds("happy_eyeballs_delay")?,
        interleave: given.some("interleave")?,
        dns: if given.need("use_dns_cache")? {
            given.seconds("ttl_dns_cache")?.map_or(DnsCache::Forever, DnsCache::For)
        } else {
            DnsCache::Off
        },
        dns_cache_size: given.need("dns_cache_max_size")?,
        unix: unix.as_ref().map(PathBuf::from),
        http2: http2(&given)?,
        tls: choice.clone(),
        foreign_tls: Some(foreign),
        resolver: resolver.clone().map(|resolver| resolver as Rc<dyn Resolve>),
        sockets: sockets.clone().map(|sockets| sockets as Rc<dyn MakeSocket>),
        ..defaults
    };
    let pool = PoolSettings {
        limit: given.need("limit")?,
        limit_per_host: given.need("limit_per_host")?,
        keepalive: given.seconds("keepalive_timeout")?,
        force_close: given.need("force_close")?,
    };
    let settings = Settings { pool, connect, ..Settings::default() };
    Ok(Read { settings, trust, choice, contexts, resolver, sockets, unix })
}

fn family(given: &Given<'_, '_>) -> PyResult<Family> {
    match given.need::<i32>("family")? {
        0 => Ok(Family::Any),
        sockaddr::INET => Ok(Family::V4),
        sockaddr::INET6 => Ok(Family::V6),
        other => Err(PyValueError::new_err(format!("family: expected AF_INET, AF_INET6 or 0, not {other}"))),
    }
}

fn local(given: &Given<'_, '_>) -> PyResult<Option<SocketAddr>> {
    let Some((host, port)) = given.some::<(String, u16)>("local_addr")? else { return Ok(None) };
    address::of_text(given.0.py(), &host, port, 0, 0)
        .map(Some)
        .map_err(|_| PyValueError::new_err(format!("local_addr: expected an IP address, not {host:?}")))
}

fn http2(given: &Given<'_, '_>) -> PyResult<Http2> {
    match given.need::<String>("http2")?.as_str() {
        "alpn" => Ok(Http2::Alpn),
        "prior" => Ok(Http2::PriorKnowledge),
        "off" => Ok(Http2::Off),
        other => Err(PyValueError::new_err(format!("http2: expected alpn, prior or off, not {other:?}"))),
    }
}

/// A program's `socket_factory`: takes what `getaddrinfo` gives, and gives a socket.
pub struct Sockets(Owned);

impl Sockets {
    /// For the garbage collector.
    pub fn object(&self) -> &Owned {
        &self.0
    }

    fn make(&self, py: Python<'_>, peer: SocketAddr) -> PyResult<OwnedFd> {
        let family = if peer.is_ipv4() { sockaddr::INET } else { sockaddr::INET6 };
        let factory = self.0.clone();
        let address = address::to_python(py, peer)?;
        let module = py.import(intern!(py, "socket"))?;
        let kind = module.getattr(intern!(py, "SOCK_STREAM"))?;
        let protocol = module.getattr(intern!(py, "IPPROTO_TCP"))?;
        let entry = (family, kind, protocol, PyString::new(py, ""), address.bind(py));
        let sock = factory.bind(py).call1((entry,))?;
        sock.call_method1(intern!(py, "setblocking"), (false,))?;
        let fd: RawFd = sock.call_method0(intern!(py, "detach"))?.extract()?;
        if fd < 0 {
            return Err(PyValueError::new_err("socket_factory has returned a closed socket"));
        }
        // SAFETY: the socket object owned the descriptor, and has given it up.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

impl MakeSocket for Sockets {
    fn socket(&self, peer: &SocketAddr) -> std::io::Result<OwnedFd> {
        self.make(attached(), *peer).map_err(Raised::io)
    }
}
