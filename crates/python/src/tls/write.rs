//! From the application to the transport below.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

use super::{Tls, tls_of_transport};
use crate::raw::{Args, Owned};
use crate::stream::{Chunk, View};

/// `transport.write(data)`
pub fn write(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live SSLTransport, and with one live argument.
    let (tls, data) = unsafe { (tls_of_transport(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    let chunk = chunk_of(&data)?;
    if !chunk.as_ref().is_empty() {
        push(&tls, [chunk])?;
    }
    Ok(py.None().into_bound(py).into())
}

/// What stays as it is when `write` has returned: the caller may use a buffer again then.
#[inline]
fn chunk_of(data: &Bound<'_, PyAny>) -> PyResult<Chunk> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(Chunk::shared(bytes));
    }
    if !(data.is_instance_of::<PyByteArray>() || data.is_instance_of::<PyMemoryView>()) {
        let name = data.get_type().name()?;
        return Err(PyTypeError::new_err(format!("data: expecting a bytes-like instance, got {name}")));
    }
    match View::new(data) {
        Ok(view) => Ok(Chunk::Copied(view.bytes().to_vec())),
        // With gaps in it.
        Err(_) => Ok(Chunk::shared(&data.call_method0(intern!(data.py(), "tobytes"))?.cast_into()?)),
    }
}

#[inline]
fn push(tls: &Bound<'_, Tls>, chunks: impl IntoIterator<Item = Chunk>) -> PyResult<()> {
    let py = tls.py();
    let this = tls.get();
    let mut refused = None;
    for chunk in chunks {
        refused = this.with(py, |state| state.push(chunk)).err();
        if refused.is_some() {
            break;
        }
    }
    if refused.is_some() { this.written_to_closed(py) } else { Tls::pump(tls) }
}

impl Tls {
    #[cold]
    fn written_to_closed(&self, py: Python<'_>) -> PyResult<()> {
        let times = self.with(py, |state| {
            state.lost = state.lost.saturating_add(1);
            state.lost
        });
        py.import(intern!(py, "rondel._debug"))?.call_method1(intern!(py, "write_to_closed_tls"), (times,))?;
        Ok(())
    }
}

#[pymethods]
impl Tls {
    /// Writes the parts in order.
    #[allow(clippy::needless_pass_by_value)] // how PyO3 gives a sequence
    fn write_many(slf: &Bound<'_, Self>, parts: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        let chunks = parts.iter().map(chunk_of).collect::<PyResult<Vec<_>>>()?;
        push(slf, chunks)
    }
}
