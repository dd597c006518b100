//! Python's socket objects: made late, held, and closed.

use std::os::fd::RawFd;

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};
use rondel_sys::connect as sys;

use super::Kind;

/// The module `socket`.
pub fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(MODULE.get_or_try_init(py, || py.import("socket").map(Bound::unbind))?.bind(py))
}

/// Whether sockets are Python's own, and nobody has put another class, or another `connect`, in their place (as those do
/// who forbid or redirect connections).
pub fn is_plain(py: Python<'_>) -> PyResult<bool> {
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let base = BASE.import(py, "_socket", "socket")?;
    let class = module(py)?.getattr(intern!(py, "socket"))?;
    let Ok(class) = class.cast_into::<PyType>() else { return Ok(false) };
    // SAFETY: a type whose base, if it has one, lives as long.
    let direct = unsafe { (*class.as_type_ptr()).tp_base } == base.as_type_ptr();
    let name = intern!(py, "connect");
    Ok(direct && class.getattr(name)?.is(&base.getattr(name)?))
}

/// A socket object that owns the descriptor from now on, unless this fails (an audit hook may refuse).
pub fn adopt(py: Python<'_>, kind: Kind, fd: RawFd) -> PyResult<Bound<'_, PyAny>> {
    module(py)?.getattr(intern!(py, "socket"))?.call1((kind.family, sys::NON_BLOCKING_STREAM, kind.protocol, fd))
}

/// A closed socket object of that kind, as one that was open before would be.
pub fn closed(py: Python<'_>, kind: Kind) -> PyResult<Bound<'_, PyAny>> {
    let class = module(py)?.getattr(intern!(py, "socket"))?;
    match class.call1((kind.family, sys::STREAM, kind.protocol)) {
        Ok(sock) => {
            sock.call_method0(intern!(py, "close"))?;
            Ok(sock)
        }
        Err(error) if error.is_instance_of::<PyOSError>(py) => never_opened(&class),
        Err(error) => Err(error),
    }
}

/// A closed socket object when there is no descriptor left to open one with. It does not know its kind.
#[cold]
fn never_opened<'py>(class: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let sock = class.call_method1(intern!(class.py(), "__new__"), (class,))?;
    sock.setattr(intern!(class.py(), "_closed"), true)?;
    sock.setattr(intern!(class.py(), "_io_refs"), 0)?;
    Ok(sock)
}

/// Has a `close` by somebody else who has the socket wait for ours (as its `makefile` does).
pub fn hold(sock: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = intern!(sock.py(), "_io_refs");
    let count: u32 = sock.getattr(name)?.extract()?;
    sock.setattr(name, count.saturating_add(1))
}

/// Closes it, at once if it was held by us alone.
pub fn close(sock: &Bound<'_, PyAny>, held: bool) -> PyResult<()> {
    sock.call_method0(intern!(sock.py(), "close"))?;
    if held {
        sock.call_method0(intern!(sock.py(), "_decref_socketios"))?;
    }
    Ok(())
}

/// `socket.shutdown(SHUT_WR)`
pub fn shut_down_writing(sock: &Bound<'_, PyAny>) -> PyResult<()> {
    sock.call_method1(intern!(sock.py(), "shutdown"), (sys::SHUT_WR,)).map(drop)
}

/// What `get_extra_info("socket")` gives.
pub fn transport_socket<'py>(sock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(sock.py(), "asyncio.trsock", "TransportSocket")?.call1((sock,))
}
