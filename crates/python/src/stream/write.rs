//! From the program to the descriptor: at once, and only what the system refuses is queued.

use std::io;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};
use rondel_net::Flushed;

use super::chunk::{Chunk, View};
use super::descriptor::{Descriptor, Kind};
use super::{Stream, stream_of};
use crate::endpoint::Watched;
use crate::errors::os_error;
use crate::event_loop::Direction;
use crate::raw::{Args, Entered, Owned};

/// What becomes of a write.
pub(super) enum Fate {
    Send(Descriptor),
    /// Behind what waits already.
    Queue,
    /// The connection is gone.
    Lost,
    Refuse(Refusal),
}

/// Why nothing may be written.
pub(super) enum Refusal {
    EndWritten,
    SendingFile,
}

impl Refusal {
    #[cold]
    pub fn error(&self, method: &str) -> PyErr {
        PyRuntimeError::new_err(match self {
            Self::EndWritten => format!("Cannot call {method}() after write_eof()"),
            Self::SendingFile => format!("unable to {method}; sendfile is in progress"),
        })
    }
}

/// What the descriptor took.
pub(super) enum Sent {
    All,
    Some(usize),
    Failed(PyErr),
}

/// `transport.write(data)`
pub fn write(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live transport, and with one live argument.
    let (stream, data) = unsafe { (stream_of(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    write_object(&stream, &data)
}

/// Writes what a program gave.
///
/// Errors: `TypeError` for what is no bytes-like object.
#[inline]
pub fn write_object(stream: &Bound<'_, Stream>, data: &Bound<'_, PyAny>) -> PyResult<Owned> {
    let py = stream.py();
    if let Ok(bytes) = data.cast::<PyBytes>() {
        write_bytes(stream, bytes.as_bytes(), |sent| (Chunk::shared(bytes), sent))?;
    } else if data.is_instance_of::<PyByteArray>() || data.is_instance_of::<PyMemoryView>() {
        let Ok(view) = View::new(data) else {
            // With gaps in it.
            let whole = data.call_method0(intern!(py, "tobytes"))?.cast_into::<PyBytes>()?;
            write_bytes(stream, whole.as_bytes(), |sent| (Chunk::shared(&whole), sent))?;
            return Ok(py.None().into_bound(py).into());
        };
        // Copied, because the caller may use the buffer again once write has returned.
        write_bytes(stream, view.bytes(), |sent| (Chunk::Copied(view.bytes()[sent..].to_vec()), 0))?;
    } else {
        return Err(PyTypeError::new_err(format!(
            "data argument must be a bytes-like object, not '{}'",
            data.get_type().name()?
        )));
    }
    Ok(py.None().into_bound(py).into())
}

/// Sends `data`, and queues what the system does not take. `rest` makes the chunk for that: it is told how many bytes are
/// sent, and gives how many of the chunk's own first ones those are.
#[inline]
pub(super) fn write_bytes(
    stream: &Bound<'_, Stream>,
    data: &[u8],
    rest: impl FnOnce(usize) -> (Chunk, usize),
) -> PyResult<()> {
    let py = stream.py();
    let this = stream.get();
    match this.fate(py, data) {
        Fate::Refuse(why) => return Err(why.error("write")),
        Fate::Lost => return this.write_to_lost(py, this.kind == Kind::WritePipe),
        Fate::Send(descriptor) => match send(py, descriptor, data) {
            Sent::All => return Ok(()),
            Sent::Some(sent) => {
                let (chunk, sent) = rest(sent);
                this.with(py, |state| state.queue.push(chunk, sent));
                Stream::watch(stream, Direction::Write, true)?;
            }
            Sent::Failed(error) => {
                return this.write_failed(py, error, descriptor.kind);
            }
        },
        Fate::Queue if data.is_empty() => return Ok(()),
        Fate::Queue => {
            let (chunk, sent) = rest(0);
            this.with(py, |state| state.queue.push(chunk, sent));
        }
    }
    this.grown(py)
}

#[inline]
pub(super) fn send(py: Python<'_>, descriptor: Descriptor, data: &[u8]) -> Sent {
    match descriptor.send(data) {
        Ok(sent) if sent == data.len() => Sent::All,
        Ok(sent) => Sent::Some(sent),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Sent::Some(0),
        Err(error) => Sent::Failed(os_error(py, &error)),
    }
}

impl Stream {
    #[inline]
    pub(super) fn fate(&self, py: Python<'_>, data: &[u8]) -> Fate {
        self.with(py, |state| {
            if state.eof {
                return Fate::Refuse(Refusal::EndWritten);
            }
            if state.sending_file {
                return Fate::Refuse(Refusal::SendingFile);
            }
            if data.is_empty() {
                return Fate::Queue;
            }
            match self.descriptor(state) {
                // A pipe that closes takes nothing more; to a socket one may write until it is lost.
                Some(Descriptor { kind: Kind::WritePipe, .. }) if state.endpoint.closing => Fate::Lost,
                Some(descriptor) if state.endpoint.lost == 0 => {
                    if state.queue.is_empty() {
                        Fate::Send(descriptor)
                    } else {
                        Fate::Queue
                    }
                }
                _ => Fate::Lost,
            }
        })
    }

    /// The descriptor can take bytes again: sends what waits, in the context of the write that had to
    /// wait first.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    pub fn write_ready(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let ready = this.with(py, |state| {
            let descriptor = this.descriptor(state).filter(|_| !state.queue.is_empty())?;
            Some((descriptor, state.endpoint.write_context.clone()?))
        });
        let Some((descriptor, context)) = ready else { return Ok(()) };
        let _entered = Entered::new(py, &context)?;
        let mut done = Vec::new();
        let flushed = this.with(py, |state| state.queue.flush(&mut done, |chunks| descriptor.send_vectored(chunks)));
        drop(done);
        match flushed {
            Ok(Flushed::All | Flushed::Some) => {
                // May write again.
                this.shrunk(py)?;
                if this.with(py, |state| state.queue.is_empty()) {
                    Self::watch(slf, Direction::Write, false)?;
                    this.drained(py)?;
                }
                Ok(())
            }
            Err(error) => {
                Self::discard(slf)?;
                this.write_failed(py, os_error(py, &error), descriptor.kind)
            }
        }
    }
}

impl Stream {
    #[cold]
    pub(super) fn write_failed(&self, py: Python<'_>, error: PyErr, kind: Kind) -> PyResult<()> {
        if kind == Kind::WritePipe {
            // As in asyncio this counts as the first write that was lost.
            self.endpoint(py, |endpoint| endpoint.lost = endpoint.lost.saturating_add(1));
        }
        self.fatal(py, error, kind.write_error())
    }

    /// Sends what was queued on an empty queue, and watches the descriptor if something is left.
    pub(super) fn flush_new(slf: &Bound<'_, Self>, descriptor: Descriptor) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let mut done = Vec::new();
        let flushed = this.with(py, |state| state.queue.flush(&mut done, |chunks| descriptor.send_vectored(chunks)));
        drop(done);
        match flushed {
            Ok(Flushed::All) => Ok(()),
            Ok(Flushed::Some) => Self::watch(slf, Direction::Write, true),
            Err(error) => {
                drop(this.with(py, |state| state.queue.take()));
                this.write_failed(py, os_error(py, &error), descriptor.kind)
            }
        }
    }
}
