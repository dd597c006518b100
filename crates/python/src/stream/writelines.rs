//! Many buffers at once.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

use super::chunk::{Chunk, View};
use super::descriptor::Kind;
use super::write::{Fate, Sent, send};
use super::{Stream, stream_of};
use crate::endpoint::Watched;
use crate::event_loop::Direction;
use crate::raw::{Args, Owned};

/// `transport.writelines(list_of_data)`
pub fn writelines(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live transport, and with one live argument.
    let (stream, parts) = unsafe { (stream_of(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    let chunks = parts.try_iter()?.map(|part| chunk_of(&part?)).collect::<PyResult<Vec<_>>>()?;
    write_chunks(&stream, chunks)?;
    Ok(py.None().into_bound(py).into())
}

/// Errors: `TypeError` for what is no bytes-like object.
fn chunk_of(data: &Bound<'_, PyAny>) -> PyResult<Chunk> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(Chunk::shared(bytes));
    }
    if !(data.is_instance_of::<PyByteArray>() || data.is_instance_of::<PyMemoryView>()) {
        return Err(PyTypeError::new_err(format!(
            "data argument must be a bytes-like object, not '{}'",
            data.get_type().name()?
        )));
    }
    let Ok(view) = View::new(data) else {
        // With gaps in it.
        let whole = data.call_method0(intern!(data.py(), "tobytes"))?.cast_into::<PyBytes>()?;
        return Ok(Chunk::shared(&whole));
    };
    // Copied, because the caller may use the buffer again once the call has returned.
    Ok(Chunk::Copied(view.bytes().to_vec()))
}

#[pymethods]
impl Stream {
    /// The same for a pipe.
    #[allow(clippy::needless_pass_by_value)] // how PyO3 gives a sequence
    fn write_many(slf: &Bound<'_, Self>, chunks: Vec<Bound<'_, PyBytes>>) -> PyResult<()> {
        write_chunks(slf, chunks.iter().map(Chunk::shared).collect())
    }
}

/// Queues the chunks behind each other and sends them with as few system calls as it takes.
fn write_chunks(stream: &Bound<'_, Stream>, mut chunks: Vec<Chunk>) -> PyResult<()> {
    let py = stream.py();
    chunks.retain(|chunk| !chunk.as_ref().is_empty());
    let this = stream.get();
    match this.fate(py, b"x") {
        Fate::Refuse(why) => return Err(why.error("writelines")),
        Fate::Lost => return this.write_to_lost(py, this.kind == Kind::WritePipe),
        Fate::Send(descriptor) if chunks.len() == 1 => {
            let sent = match send(py, descriptor, chunks[0].as_ref()) {
                Sent::All => return Ok(()),
                Sent::Some(sent) => sent,
                Sent::Failed(error) => return this.write_failed(py, error, descriptor.kind),
            };
            let rest = chunks.pop();
            this.with(py, |state| rest.into_iter().for_each(|chunk| state.queue.push(chunk, sent)));
            Stream::watch(stream, Direction::Write, true)?;
        }
        fate @ (Fate::Send(_) | Fate::Queue) => {
            this.with(py, |state| chunks.into_iter().for_each(|chunk| state.queue.push(chunk, 0)));
            if let Fate::Send(descriptor) = fate {
                Stream::flush_new(stream, descriptor)?;
            }
        }
    }
    this.grown(py)
}
