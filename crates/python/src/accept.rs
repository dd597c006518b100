//! Accepting connections.

use std::io;
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rondel_sys::accept;
use rondel_sys::sockaddr::SocketAddress;

use crate::datagram::address::to_python;
use crate::errors::os_error;

/// Takes a connection from a listening socket: its descriptor, which the caller owns, non-blocking and
/// close-on-exec, and its peer's address as `socket` of Python has it. None when nobody waits.
///
/// Raises `OSError` as `socket.accept` does, `ValueError` for no descriptor.
#[pyfunction]
#[pyo3(name = "accept")]
pub fn accept_connection(py: Python<'_>, listener: RawFd) -> PyResult<Option<(RawFd, Py<PyAny>)>> {
    if listener < 0 {
        return Err(PyValueError::new_err(format!("Invalid file descriptor: {listener}")));
    }
    // SAFETY: not negative; the caller's socket object keeps it open during the call. If it does not, the system says
    // so: nothing here relies on which file it is.
    let listener = unsafe { BorrowedFd::borrow_raw(listener) };
    let mut peer = SocketAddress::default();
    match accept::accept(listener, &mut peer) {
        Ok(connection) => {
            let address = to_python(py, &peer)?.bind(py).clone().unbind();
            Ok(Some((connection.into_raw_fd(), address)))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(os_error(py, &error)),
    }
}
