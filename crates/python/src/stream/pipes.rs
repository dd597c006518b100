//! The native halves of pipe transports: streams that go one way.

use std::os::fd::RawFd;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::Stream;
use super::descriptor::{Descriptor, Kind};
use super::write::write_object;
use crate::raw::{Args, Method, NativeSlot, Owned, fast};

static SLOT: NativeSlot = NativeSlot::new("_native");
static WRITE: Method = fast(
    c"write",
    c"write($self, data)\n--\n\nWrite data (bytes, bytearray or memoryview), or queue what the system does not take.",
    write,
);

/// Gives the pipe transports their native half, and the one that writes its native method. `writer`
/// derives from `base`. Called once, where the classes are made.
#[pyfunction]
pub fn attach_pipes(base: &Bound<'_, PyType>, writer: &Bound<'_, PyType>) -> PyResult<()> {
    SLOT.claim::<Stream>(base)?;
    WRITE.attach(writer)
}

/// Gives a new transport its native half, and returns it. `fd` stays open until `disconnect`.
/// `writes`: bytes go to the descriptor, and do not come from it.
///
/// Raises `TypeError` for a loop that is no `EventLoop`, `RuntimeError` when the transport has one.
#[pyfunction]
pub fn init_pipe<'py>(
    transport: &Bound<'py, PyAny>,
    event_loop: &Bound<'py, PyAny>,
    fd: RawFd,
    protocol: &Bound<'py, PyAny>,
    writes: bool,
) -> PyResult<Bound<'py, Stream>> {
    let kind = if writes { Kind::WritePipe } else { Kind::ReadPipe };
    let stream = Stream::new(transport, event_loop, Descriptor { fd, kind }, protocol)?;
    SLOT.fill(transport, stream.clone().into_any().into())?;
    Ok(stream)
}

/// `transport.write(data)`
fn write(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live instance of the writing class, whose base
    // the slot was claimed from, and with one live argument.
    let (stream, data) = unsafe { (SLOT.get::<Stream>(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    write_object(&stream, &data)
}
