//! Which sockets can be used past their methods.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::raw::call_method;

/// `socket.socket`, if its methods are those of the C class below it.
struct Class {
    socket: Py<PyType>,
    native: Py<PyType>,
    /// The interpreter's number for what the class was when its methods were last looked at; it changes with the class
    /// (`PyType_Modified`).
    version: AtomicU32,
}

static CLASS: PyOnceLock<Class> = PyOnceLock::new();

/// The descriptor of a `socket.socket`. None for a socket of another class, whose methods may do more, and for each if
/// somebody has put other methods into `socket.socket`: then it is these that are to be called.
#[inline]
pub fn descriptor(sock: &Bound<'_, PyAny>) -> PyResult<Option<RawFd>> {
    let py = sock.py();
    let class = CLASS.get_or_try_init(py, || find(py))?;
    if sock.get_type_ptr() != class.socket.as_ptr().cast() {
        return Ok(None);
    }
    // SAFETY: a live type object.
    let version = unsafe { (*class.socket.as_ptr().cast::<ffi::PyTypeObject>()).tp_version_tag };
    if (version == 0 || version != class.version.load(Ordering::Relaxed)) && !class.look(py)? {
        return Ok(None);
    }
    fileno(sock).map(Some)
}

/// What `file.fileno()` says.
#[inline]
pub fn fileno(file: &Bound<'_, PyAny>) -> PyResult<RawFd> {
    call_method(intern!(file.py(), "fileno"), [file])?.bind(file.py()).extract()
}

fn find(py: Python<'_>) -> PyResult<Class> {
    let socket = py.import("socket")?.getattr("socket")?.cast_into::<PyType>()?.unbind();
    let native = py.import("_socket")?.getattr("socket")?.cast_into::<PyType>()?.unbind();
    Ok(Class { socket, native, version: AtomicU32::new(0) })
}

impl Class {
    /// Whether the methods in question are those of the C class.
    #[cold]
    fn look(&self, py: Python<'_>) -> PyResult<bool> {
        let (socket, native) = (self.socket.bind(py), self.native.bind(py));
        let names: [&Bound<'_, PyString>; 5] = [
            intern!(py, "recv"),
            intern!(py, "recv_into"),
            intern!(py, "send"),
            intern!(py, "fileno"),
            intern!(py, "gettimeout"),
        ];
        for name in names {
            if !socket.getattr_opt(name)?.is_some_and(|method| native.getattr(name).is_ok_and(|its| its.is(&method))) {
                return Ok(false);
            }
        }
        // SAFETY: a live type object.
        let version = unsafe { (*socket.as_type_ptr()).tp_version_tag };
        self.version.store(version, Ordering::Relaxed);
        Ok(true)
    }
}
