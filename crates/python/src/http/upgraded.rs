//! `HttpUpgraded`: the bytes below HTTP, for `WebSocket`s and the like.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rondel_http::{Error, Switched};

use super::address;
use super::body::bytes_of;
use super::errors::{self, About};
use super::link::Link;
use super::local::Local;
use super::places::Job;
use super::reading::{HttpReading, Outcome};
use super::runtime::Loop;
use crate::raw::Owned;

/// The bytes below HTTP, after `101 Switching Protocols`.
#[pyclass(frozen, weakref, module = "rondel._rondel")]
pub struct HttpUpgraded {
    link: Local<Rc<Link>>,
}

impl HttpUpgraded {
    pub fn create(py: Python<'_>, home: &Loop, switched: Switched<Loop>) -> PyResult<Owned> {
        let link = Local::new(home.clone(), Link::new(py, home, switched));
        Ok(Bound::new(py, Self { link })?.into_any().into())
    }

    fn begin(slf: &Bound<'_, Self>, what: What) -> PyResult<Owned> {
        let py = slf.py();
        let link = slf.get().link.get(py);
        let job = Use { link: Rc::clone(link), what, waits: Cell::new(false), result: RefCell::default() };
        HttpReading::create(py, link.home(), Rc::new(job), slf.clone().into_any().into())
    }
}

#[cold]
fn raised(py: Python<'_>, error: &Error) -> PyErr {
    errors::exception(py, error, &About::default())
}

fn already() -> PyErr {
    PyRuntimeError::new_err("another coroutine is already waiting for data of this connection")
}

#[pymethods]
impl HttpUpgraded {
    /// Bytes that wait to be sent.
    #[getter]
    fn buffered(&self, py: Python<'_>) -> usize {
        self.link.get(py).waiting()
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.link.get(py).is_closed()
    }

    /// Up to `n` bytes; nothing at the end.
    #[pyo3(signature = (n = 65536))]
    fn read(slf: &Bound<'_, Self>, n: usize) -> PyResult<Owned> {
        Self::begin(slf, What::Read(n))
    }

    /// Up to `n` bytes; None if there are none now.
    #[pyo3(signature = (n = 65536))]
    fn read_nowait<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let link = self.link.get(py);
        if link.waited_for.get() {
            return Err(already());
        }
        let polled = link.home().enter(py, || link.poll_read(&mut Context::from_waker(std::task::Waker::noop()), n));
        match polled {
            Poll::Pending => Ok(None),
            Poll::Ready(Ok(data)) => Ok(Some(PyBytes::new(py, &data))),
            Poll::Ready(Err(error)) => Err(raised(py, &error)),
        }
    }

    /// Sends bytes: what goes at once, and the rest in the background.
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = bytes_of(data)?;
        self.link.get(py).write(py, data).map_err(|error| raised(py, &error))
    }

    /// Waits until less than 64 KiB wait to be sent.
    fn drain(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::begin(slf, What::Drain)
    }

    /// Sends what waits, and ends our half.
    fn shut_down(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::begin(slf, What::ShutDown)
    }

    /// Closes the connection at once.
    fn close(&self, py: Python<'_>) {
        struct Close(Rc<Link>);
        impl Drop for Close {
            fn drop(&mut self) {
                self.0.close();
            }
        }
        let link = self.link.get(py);
        link.home().discard(py, Close(Rc::clone(link)));
    }

    /// What is known of the connection: `peername`, `sockname`, `peercert` (DER), `tls_version`.
    #[pyo3(signature = (name, default = None))]
    fn get_extra_info(&self, py: Python<'_>, name: &str, default: Option<&Bound<'_, PyAny>>) -> PyResult<Owned> {
        let link = self.link.get(py);
        let ends = link.endpoints();
        let address = |address: Option<_>| address.map(|address| address::to_python(py, address)).transpose();
        let known = match name {
            _ if link.is_closed() => None,
            "peername" => address(ends.peer)?,
            "sockname" => address(ends.local)?,
            "peercert" => ends.certificate.as_ref().map(|der| Owned::from(PyBytes::new(py, der).into_any())),
            "tls_version" => ends.tls.map(|version| Owned::from(PyString::new(py, version).into_any())),
            "cipher" => ends.cipher.as_ref().map(|cipher| Owned::from(PyString::new(py, cipher).into_any())),
            _ => None,
        };
        Ok(known.unwrap_or_else(|| default.cloned().unwrap_or_else(|| py.None().into_bound(py)).into()))
    }
}

/// What is awaited.
enum What {
    Read(usize),
    Drain,
    ShutDown,
}

/// One wait.
struct Use {
    link: Rc<Link>,
    what: What,
    /// It is this one that the link is waited for by.
    waits: Cell<bool>,
    /// None: it may not wait.
    result: RefCell<Option<Result<Vec<u8>, Error>>>,
}

impl Use {
    fn go_on(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Error>>> {
        match self.what {
            What::Read(most) => {
                if !self.waits.get() && self.link.waited_for.replace(true) {
                    return Poll::Ready(None);
                }
                self.waits.set(true);
                self.link.poll_read(cx, most).map(Some)
            }
            What::Drain => self.link.poll_sent(cx, false).map(|sent| Some(sent.map(|()| Vec::new()))),
            What::ShutDown => self.link.poll_shut_down(cx).map(|ended| Some(ended.map(|()| Vec::new()))),
        }
    }

    fn leave(&self) {
        if self.waits.replace(false) {
            self.link.waited_for.set(false);
        }
    }
}

impl Job for Use {
    fn poll(&self, _py: Python<'_>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(result) = self.go_on(cx) else { return Poll::Pending };
        self.leave();
        self.result.replace(result);
        Poll::Ready(())
    }

    fn cancel(&self, _py: Python<'_>) {
        self.leave();
    }
}

impl Outcome for Use {
    fn take(&self, py: Python<'_>) -> PyResult<Owned> {
        match (self.result.take(), &self.what) {
            (None, _) => Err(already()),
            (Some(Err(error)), _) => Err(raised(py, &error)),
            (Some(Ok(data)), What::Read(_)) => Ok(PyBytes::new(py, &data).into_any().into()),
            (Some(Ok(_)), _) => Ok(py.None().into_bound(py).into()),
        }
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.leave();
    }
}
