//! System errors as the exceptions that Python raises for them.

use std::io;

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;

/// `OSError(errno, strerror)`, which Python makes a `ConnectionResetError`, `PermissionError` ... by
/// its number. An error without a number becomes an `OSError` with its text.
#[cold]
pub fn os_error(py: Python<'_>, error: &io::Error) -> PyErr {
    let Some(errno) = error.raw_os_error() else {
        return PyOSError::new_err(error.to_string());
    };
    let text = py
        .import(intern!(py, "os"))
        .and_then(|os| os.call_method1(intern!(py, "strerror"), (errno,)))
        .and_then(|text| text.extract::<String>())
        .unwrap_or_else(|_| error.to_string());
    PyOSError::new_err((errno, text))
}

/// Whether an exception ends the loop instead of going to a handler: `KeyboardInterrupt` and
/// `SystemExit`, as in `Handle._run` of `CPython`.
pub fn ends_the_loop(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py)
        || error.is_instance_of::<pyo3::exceptions::PySystemExit>(py)
}
