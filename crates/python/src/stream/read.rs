//! From the descriptor to the protocol: one receive each time it is readable.

use std::io;
use std::mem::MaybeUninit;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Stream;
use super::descriptor::{Descriptor, Kind};
use crate::endpoint::Watched;
use crate::errors::os_error;
use crate::event_loop::Core;
use crate::protocol::{Feed, Protocol};
use crate::raw::{Entered, Lent, Owned, call_method, new_bytes};
use crate::tls::Tls;
use rondel_net::Intake;

/// Bytes of ciphertext that are received at once at most. The TLS library keeps what it has needed for them: a third more.
const MOST_CIPHERTEXT: usize = 112 * 1024;

/// What one receive gave.
enum Received {
    Data(Lent),
    /// Given to the TLS layer.
    Fed,
    End,
    /// Nothing after all.
    Nothing,
}

/// What a stream needs to know to read.
struct Reading {
    descriptor: Descriptor,
    intake: Intake,
    protocol: Protocol,
    context: Owned,
}

impl Stream {
    /// The descriptor is readable: gives what came to the protocol, in the context in which reading
    /// began. A paused or closing stream reads nothing. `core` is that of the stream's loop.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    #[inline]
    pub fn read_ready(&self, py: Python<'_>, core: &Core) -> PyResult<()> {
        let ready = self.with(py, |state| {
            let descriptor = self.descriptor(state).filter(|_| state.endpoint.watching)?;
            let protocol = state.endpoint.protocol.clone()?;
            let context = state.endpoint.read_context.clone()?;
            Some(Reading { descriptor, intake: state.intake, protocol, context })
        });
        let Some(Reading { descriptor, intake, protocol, context }) = ready else { return Ok(()) };
        let _entered = Entered::new(py, &context)?;
        if descriptor.kind == Kind::WritePipe {
            return self.reader_gone(py);
        }
        match protocol.feed() {
            Feed::Plain => {
                let received = self.receive(py, core, descriptor, intake);
                self.give(py, core, &protocol, received)
            }
            Feed::Tls(tls) => self.read_tls(py, core, tls.bind(py).cast::<Tls>()?, descriptor),
            Feed::Buffered => self.read_buffered(py, &protocol),
        }
    }

    #[inline]
    fn give(&self, py: Python<'_>, core: &Core, protocol: &Protocol, received: PyResult<Received>) -> PyResult<()> {
        match received {
            Ok(Received::Data(data)) => {
                let name = intern!(py, "data_received");
                match call_method(name, [protocol.object().bind(py), data.object().bind(py)]) {
                    Ok(_) => {
                        core.take_back(py, data);
                        Ok(())
                    }
                    // A pipe stays open then: so it is in asyncio.
                    Err(error) if self.kind == Kind::ReadPipe => {
                        self.parties(py).report(py, error, "Fatal error: protocol.data_received() call failed.")
                    }
                    Err(error) => self.fatal(py, error, "Fatal error: protocol.data_received() call failed."),
                }
            }
            Ok(Received::Nothing | Received::Fed) => Ok(()),
            Ok(Received::End) => self.end_of_stream(py),
            Err(error) => self.fatal(py, error, self.kind.read_error()),
        }
    }

    /// Receives into the loop's buffer, and makes a bytes object of the right size; a bulk sender's bytes go straight
    /// into an object, which is cut to their number (docs/decisions/0008).
    #[inline]
    fn receive(&self, py: Python<'_>, core: &Core, descriptor: Descriptor, intake: Intake) -> PyResult<Received> {
        if intake.is_bulk() {
            return self.receive_bulk(py, descriptor);
        }
        let (mut ended, mut full, mut failed) = (false, false, None);
        let data = core.receive(py, |buffer| match descriptor.receive(buffer) {
            Ok([]) => {
                ended = true;
                None
            }
            Ok(data) => {
                full = data.len() == Intake::SMALL;
                Some(data)
            }
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        if let Some(error) = failed {
            return nothing_or(py, &error);
        }
        if full {
            self.received(py, Intake::SMALL);
            keep_memory(py);
        }
        Ok(match data {
            Some(data) => Received::Data(data),
            None if ended => Received::End,
            None => Received::Nothing,
        })
    }

    fn receive_bulk(&self, py: Python<'_>, descriptor: Descriptor) -> PyResult<Received> {
        let mut result = Ok(Received::End);
        let data = new_bytes(py, Intake::LARGE, |memory| match descriptor.receive(memory) {
            Ok(data) => data.len(),
            Err(error) => {
                result = nothing_or(py, &error);
                0
            }
        })?;
        let Some(data) = data else { return result };
        let len = data.bind(py).cast::<PyBytes>()?.as_bytes().len();
        self.received(py, len);
        Ok(Received::Data(data.into()))
    }

    fn received(&self, py: Python<'_>, len: usize) {
        self.with(py, |state| state.intake.received(len));
    }

    /// Ciphertext goes from a buffer of the loop's into that of the TLS library; a bulk sender's through a larger one.
    #[inline]
    fn read_tls(&self, py: Python<'_>, core: &Core, tls: &Bound<'_, Tls>, descriptor: Descriptor) -> PyResult<()> {
        let received = if self.with(py, |state| state.intake.is_bulk()) {
            let mut buffer = core.take_datagram_buffer(py);
            let received = self.feed_tls(py, tls, descriptor, &mut buffer[..MOST_CIPHERTEXT]);
            core.return_datagram_buffer(py, buffer);
            received
        } else {
            let mut buffer = core.take_receive_buffer(py);
            let received = self.feed_tls(py, tls, descriptor, &mut buffer);
            core.return_receive_buffer(py, buffer);
            received
        };
        match received {
            Ok(Received::Fed) => Tls::pump(tls),
            Ok(Received::End) => self.end_of_stream(py),
            Ok(_) => Ok(()),
            Err(error) => self.fatal(py, error, self.kind.read_error()),
        }
    }

    #[inline]
    fn feed_tls(
        &self,
        py: Python<'_>,
        tls: &Bound<'_, Tls>,
        descriptor: Descriptor,
        buffer: &mut [MaybeUninit<u8>],
    ) -> PyResult<Received> {
        match descriptor.receive(buffer) {
            Ok([]) => Ok(Received::End),
            Ok(data) => {
                self.received(py, data.len());
                tls.get().feed(py, data).map(|()| Received::Fed)
            }
            Err(error) => nothing_or(py, &error),
        }
    }

    fn read_buffered(&self, py: Python<'_>, protocol: &Protocol) -> PyResult<()> {
        let object = protocol.object().bind(py);
        let buffer = call_method(intern!(py, "get_buffer"), [object, (-1_isize).into_pyobject(py)?.as_any()])
            .and_then(|buffer| WritableView::new(buffer.bind(py)));
        let mut buffer = match buffer {
            Ok(buffer) => buffer,
            Err(error) => {
                return self.fatal(py, error, "Fatal error: protocol.get_buffer() call failed.");
            }
        };
        // The protocol may have closed the transport.
        let Some(descriptor) = self.with(py, |state| self.descriptor(state)) else { return Ok(()) };
        let received = match descriptor.receive(buffer.bytes()) {
            Ok(data) => data.len(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => {
                let error = os_error(py, &error);
                return self.fatal(py, error, self.kind.read_error());
            }
        };
        drop(buffer);
        if received == 0 {
            return self.end_of_stream(py);
        }
        match call_method(intern!(py, "buffer_updated"), [object, received.into_pyobject(py)?.as_any()]) {
            Ok(_) => Ok(()),
            Err(error) => self.fatal(py, error, "Fatal error: protocol.buffer_updated() call failed."),
        }
    }

    /// Nobody reads any more what is written to the pipe.
    #[cold]
    fn reader_gone(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(transport) = self.transport(py) {
            call_method(intern!(py, "_reader_gone"), [transport.bind(py)])?;
        }
        Ok(())
    }

    /// The peer sends no more. What that means to the transport is said in Python: it happens once
    /// a connection.
    fn end_of_stream(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(transport) = self.transport(py) {
            call_method(intern!(py, "_eof_received"), [transport.bind(py)])?;
        }
        Ok(())
    }
}

/// What a failed receive means.
#[cold]
fn nothing_or(py: Python<'_>, error: &io::Error) -> PyResult<Received> {
    if error.kind() == io::ErrorKind::WouldBlock { Ok(Received::Nothing) } else { Err(os_error(py, error)) }
}

/// A block of this size, freed, has glibc keep the memory of smaller ones, and up to twice as much in all. A turn in which
/// many bulk senders are heard holds a message of each.
const KEPT: usize = 4 * 1024 * 1024;

/// Has glibc keep the memory of large objects in the process. Otherwise each of them costs three system calls and fresh
/// pages: an object cut to less than the threshold before it is freed never raises it (mallopt(3), `M_MMAP_THRESHOLD`).
/// One that is freed whole does, as on asyncio the first receive does that brings nothing. No page of it is touched.
#[cold]
fn keep_memory(py: Python<'_>) {
    // Without memory for it, the next receive says so.
    let _freed = new_bytes(py, KEPT, |_| 0);
}

/// Memory that a protocol gives to be filled, for as long as this lives.
pub struct WritableView(ffi::Py_buffer);

impl WritableView {
    /// Errors: `RuntimeError` if there is no room in it, `TypeError` and `BufferError` if it is no
    /// writable buffer.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut view = ffi::Py_buffer::new();
        // SAFETY: the GIL is held, the object alive, and `view` is written by the call when it gives
        // zero.
        let got = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view, ffi::PyBUF_WRITABLE) };
        if got < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        let view = Self(view);
        if view.0.len == 0 {
            return Err(PyRuntimeError::new_err("get_buffer() returned an empty buffer"));
        }
        Ok(view)
    }

    /// The memory. Python code that runs meanwhile could write there, too: none does.
    pub fn bytes(&mut self) -> &mut [MaybeUninit<u8>] {
        let len = usize::try_from(self.0.len).unwrap_or(0);
        // SAFETY: the export pins so many writable bytes there until it is released.
        unsafe { std::slice::from_raw_parts_mut(self.0.buf.cast(), len) }
    }
}

impl Drop for WritableView {
    fn drop(&mut self) {
        // SAFETY: the GIL is held where a view is used; it was filled by PyObject_GetBuffer.
        unsafe { ffi::PyBuffer_Release(&raw mut self.0) };
    }
}
