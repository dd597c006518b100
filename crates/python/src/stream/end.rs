//! The end of a stream transport over a socket: from the first word of it to the descriptor's close.
//!
//! The order of calls and the messages are those of `_SelectorSocketTransport` in `asyncio.selector_events`.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use super::open::versions;
use super::{CONNECTION, Stream, stream_of};
use crate::connection::Connection;
use crate::endpoint::Watched;
use crate::event_loop::Direction;
use crate::raw::{Args, Owned, call_method};

fn none(py: Python<'_>) -> Owned {
    py.None().into_bound(py).into()
}

/// A view of the transport that a method was called on.
///
/// # Safety
/// `slf` is a live object, and stays alive through the call that got it.
unsafe fn transport_of<'a>(py: Python<'_>, slf: *mut ffi::PyObject) -> Borrowed<'a, '_, PyAny> {
    // SAFETY: as promised by the caller.
    unsafe { Borrowed::from_ptr(py, slf) }
}

/// Its connection; None before it is taken.
fn connection_of<'a>(py: Python<'_>, slf: *mut ffi::PyObject) -> Option<Borrowed<'a, '_, Connection>> {
    // SAFETY: the methods of this file are called with a live instance of the class that the slot was claimed from.
    unsafe { CONNECTION.get(py, slf) }.ok()
}

/// `transport.close()`
pub(super) fn close(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live instance of the class.
    let (stream, transport) = unsafe { (stream_of(py, slf)?, transport_of(py, slf)) };
    close_transport(&stream, &transport)?;
    Ok(none(py))
}

fn close_transport<'py>(stream: &Bound<'py, Stream>, transport: &Bound<'py, PyAny>) -> PyResult<()> {
    let py = stream.py();
    if Stream::begin_close(stream)? && stream.get().with(py, |state| state.queue.is_empty()) {
        let event_loop = stream.get().with(py, |state| {
            state.endpoint.lost = state.endpoint.lost.saturating_add(1);
            state.endpoint.event_loop.clone()
        });
        if let Some(event_loop) = event_loop {
            let lost = transport.getattr(intern!(py, "_call_connection_lost"))?;
            call_method(intern!(py, "call_soon"), [event_loop.bind(py), &lost, py.None().bind(py)])?;
        }
    }
    Ok(())
}

/// `transport._eof_received()`: the peer sends no more.
pub(super) fn eof_received(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: as above.
    let (stream, transport) = unsafe { (stream_of(py, slf)?, transport_of(py, slf)) };
    if stream.get().with_core(py, |core| Ok(core.debug()))? == Some(true) {
        transport.call_method0(intern!(py, "_log_eof"))?;
    }
    let Some(protocol) = stream.get().with(py, |state| state.endpoint.protocol()) else { return Ok(none(py)) };
    match call_method(intern!(py, "eof_received"), [protocol.bind(py)]) {
        Err(error) => stream.get().fatal(py, error, "Fatal error: protocol.eof_received() call failed.")?,
        // The end would be reported at each turn.
        Ok(keep_open) if keep_open.bind(py).is_truthy()? => Stream::watch(&stream, Direction::Read, false)?,
        Ok(_) => close_transport(&stream, &transport)?,
    }
    Ok(none(py))
}

/// `transport._call_connection_lost(error)`
pub(super) fn connection_lost(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: as above, and with one live argument.
    let (stream, error) = unsafe { (stream_of(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    let protocol = stream.get().with(py, |state| state.endpoint.protocol());
    let told = protocol.map(|protocol| call_method(intern!(py, "connection_lost"), [protocol.bind(py), &error]));
    let released = release_socket(slf, args);
    told.transpose()?;
    released
}

/// `transport._release_socket()`: closes the descriptor, and lets go of all that is held.
pub(super) fn release_socket(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: as above.
    let (stream, transport) = unsafe { (stream_of(py, slf)?, transport_of(py, slf)) };
    release(&stream, &transport).map(|()| none(py))
}

/// Closes the descriptor, and lets go of all that is held.
pub(super) fn release<'py>(stream: &Bound<'py, Stream>, transport: &Bound<'py, PyAny>) -> PyResult<()> {
    let py = stream.py();
    Stream::disconnect(stream)?;
    let closed = connection_of(py, transport.as_ptr()).map_or(Ok(()), |connection| connection.get().close(py));
    if !transport.getattr(intern!(py, "_transfer"))?.is_none() {
        transport.call_method0(intern!(py, "_end_transfer"))?;
    }
    let server = transport.getattr(intern!(py, "_server"))?;
    if !server.is_none() {
        transport.setattr(intern!(py, "_server"), py.None())?;
        call_method(intern!(py, "detach_from_server"), [versions(py)?, &server, transport])?;
    }
    closed
}

/// `transport.__del__()`: says that nobody has closed it.
pub(super) fn finalize(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    if connection_of(py, slf).is_some_and(|connection| connection.get().is_open(py)) {
        // SAFETY: as above.
        unsafe { transport_of(py, slf) }.call_method0(intern!(py, "_unclosed"))?;
    }
    Ok(none(py))
}

/// `transport._socket()`: Python's socket object; None once it is closed.
pub(super) fn socket(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let socket = connection_of(py, slf).map(|connection| Connection::socket(&connection)).transpose()?.flatten();
    Ok(socket.map_or_else(|| none(py), Owned::from))
}

/// `transport._known()`: all that `get_extra_info` knows, as a dictionary.
pub(super) fn known(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: as above.
    let connection = unsafe { CONNECTION.get::<Connection>(py, slf) }?;
    Connection::extra(&connection).map(Owned::from)
}

/// `transport.get_extra_info(name, default=None)`
pub(super) fn get_extra_info(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let mut values = [None, None];
    for (place, &value) in values.iter_mut().zip(args.positional()) {
        // SAFETY: arguments are alive through the call.
        *place = Some(unsafe { Borrowed::from_ptr(py, value) });
    }
    let given = args.positional().len();
    if given > 2 {
        let text = format!("get_extra_info() takes from 2 to 3 positional arguments but {} were given", given + 1);
        return Err(pyo3::exceptions::PyTypeError::new_err(text));
    }
    for (name, value) in args.keywords() {
        let place = usize::from(name.eq("default")?);
        if place == 0 && !name.eq("name")? {
            return Err(Args::unexpected("get_extra_info", &name));
        }
        if values[place].replace(value).is_some() {
            let text = format!("get_extra_info() got multiple values for argument '{name}'");
            return Err(pyo3::exceptions::PyTypeError::new_err(text));
        }
    }
    let [Some(name), default] = values else { return Err(Args::missing("get_extra_info", "name")) };
    // SAFETY: as above.
    let connection = unsafe { CONNECTION.get::<Connection>(py, slf) }?;
    Connection::info(&connection, &name, default.as_deref())
}
