//! A stream transport over a socket, put together.
//!
//! What asyncio does in `_SelectorSocketTransport.__init__`, in the same order.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::descriptor::{Descriptor, Kind};
use super::{CONNECTION, SLOT, Stream, end, stream_of};
use crate::connection::Connection;
use crate::endpoint::Watched;
use crate::event_loop::{self, Direction};
use crate::raw::{Args, Owned, call_method};

/// Gives a new transport its native half and its connection. The protocol hears of it in the next turn, and `waiter`
/// (a future, or None) is told after that. `server`: the `asyncio.Server` that accepted it, or None.
///
/// Raises `TypeError` for a loop that is no `EventLoop`, `RuntimeError` when the transport has a native half already.
#[pyfunction]
pub fn init_transport<'py>(
    transport: &Bound<'py, PyAny>,
    event_loop: &Bound<'py, PyAny>,
    connection: &Bound<'py, Connection>,
    protocol: &Bound<'py, PyAny>,
    waiter: &Bound<'py, PyAny>,
    server: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = transport.py();
    let fd = connection.get().fileno(py)?;
    let stream = Stream::new(transport, event_loop, Descriptor { fd, kind: Kind::Socket }, protocol)?;
    // First, as it refuses a second time.
    SLOT.fill(transport, stream.clone().into_any().into())?;
    transport.setattr(intern!(py, "_stream"), &stream)?;
    transport.setattr(intern!(py, "_loop"), event_loop)?;
    transport.setattr(intern!(py, "_sock_fd"), fd)?;
    transport.setattr(intern!(py, "_transfer"), py.None())?;
    transport.setattr(intern!(py, "_server"), server)?;
    if !server.is_none() {
        // A closed server refuses: nothing is held yet.
        call_method(intern!(py, "attach_to_server"), [versions(py)?, server, transport])?;
    }
    connection.get().hold(py)?;
    CONNECTION.fill(transport, connection.clone().into_any().into())?;
    stream.get().enter(py)?;
    let begun = begin(transport, event_loop, protocol, waiter);
    if begun.is_err() {
        // Its descriptor's number goes to the next connection, while the object may live on; and its server waits for it.
        end::release(&stream, transport)?;
    }
    begun
}

/// What the protocol and the waiter will be told.
fn begin<'py>(
    transport: &Bound<'py, PyAny>,
    event_loop: &Bound<'py, PyAny>,
    protocol: &Bound<'py, PyAny>,
    waiter: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = transport.py();
    let made = protocol.getattr(intern!(py, "connection_made"))?;
    call_method(intern!(py, "call_soon"), [event_loop, &made, transport])?;
    // Only then, so that connection_made comes before all else that the protocol is told.
    let start = transport.getattr(intern!(py, "_start"))?;
    call_method(intern!(py, "call_soon"), [event_loop, &start, waiter])?;
    Ok(())
}

/// A new `StreamTransport`, as [`init_transport`] makes it.
///
/// Raises `RuntimeError` where another transport has the descriptor.
#[pyfunction]
pub fn open_transport<'py>(
    event_loop: &Bound<'py, PyAny>,
    connection: &Bound<'py, Connection>,
    protocol: &Bound<'py, PyAny>,
    waiter: &Bound<'py, PyAny>,
    server: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = event_loop.py();
    event_loop::check(event_loop)?;
    // SAFETY: the loop was looked at.
    let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) }?;
    event_loop::check_free(core.get(), py, connection.get().fileno(py)?)?;
    let class = SLOT.class()?;
    // SAFETY: the class is a type whose instances its own metaclass makes this way, and that has no `__new__` of its own.
    let transport = unsafe { Owned::from_new(py, ffi::PyType_GenericAlloc(class, 0)) }?;
    let transport = transport.bind(py).clone();
    init_transport(&transport, event_loop, connection, protocol, waiter, server)?;
    Ok(transport)
}

/// `transport._start(waiter)`: reads from now on, and tells who waits for the transport that it is there.
pub(super) fn start(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live instance of the class, and with one live argument.
    let (stream, waiter) = unsafe { (stream_of(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    let begins = stream.get().with(py, |state| !state.endpoint.closing && !state.endpoint.paused);
    let started = if begins { Stream::watch(&stream, Direction::Read, true) } else { Ok(()) };
    // Whoever waits is told in any case.
    if !waiter.is_none() && !call_method(intern!(py, "done"), [&waiter])?.bind(py).is_truthy()? {
        call_method(intern!(py, "set_result"), [&waiter, py.None().bind(py)])?;
    }
    started.map(|()| py.None().into_bound(py).into())
}

/// The module that knows what differs from one Python to the next.
pub(super) fn versions(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let import = || py.import("rondel._versions").map(|module| module.into_any().unbind());
    Ok(MODULE.get_or_try_init(py, import)?.bind(py))
}
