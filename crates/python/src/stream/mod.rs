//! The native half of a stream transport: bytes between a socket and a protocol.
//!
//! The Python class (python/rondel/transports.py) says what happens once a connection: it opens,
//! closes, reports. What happens once a packet is here: receiving, writing, flow control. The order
//! of calls and the messages are those of `_SelectorSocketTransport` in `CPython`'s
//! `asyncio/selector_events.py`.

mod chunk;
mod flow;
mod protocol;
mod read;
mod write;

use std::os::fd::{AsFd, BorrowedFd, RawFd};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType, PyWeakrefReference};
use pyo3::{PyTraverseError, PyVisit};
use rondel_net::{Watermarks, WriteQueue};

pub use self::chunk::{Chunk, View};
use self::protocol::Protocol;
use crate::cell::GilCell;
use crate::errors::{ends_the_loop, os_error};
use crate::event_loop::{self, Core, Direction, Watch};
use crate::raw::{Method, NativeSlot, Owned, call_method, copy_context, one_arg};

static SLOT: NativeSlot = NativeSlot::new("_native");
static METHODS: [Method; 1] = [one_arg(
    c"write",
    c"write($self, data)\n--\n\nSend data (bytes, bytearray or memoryview), or queue what the system does not take.",
    write::write,
)];

/// The descriptor of a socket that a Python object keeps open for as long as the stream is
/// connected.
#[derive(Clone, Copy)]
pub struct Socket(pub RawFd);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the transport holds the socket object and has raised its count of users, so that
        // its close() leaves the descriptor open; the stream uses it only until `disconnect`, which
        // precedes the real close.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

/// What the GIL protects.
#[allow(clippy::struct_excessive_bools)] // asyncio's own flags: each is set and asked alone
struct State {
    /// None once the connection is lost.
    socket: Option<Socket>,
    queue: WriteQueue<Chunk>,
    watermarks: Watermarks,
    /// Whether the socket is watched for readability.
    watching: bool,
    /// `pause_reading` was called last, not `resume_reading`.
    paused: bool,
    /// `write_eof` was called.
    eof: bool,
    /// `close` or `abort` was called, or the connection failed.
    closing: bool,
    /// How many times the connection was found lost; writes add to it.
    lost: u32,
    protocol: Option<Protocol>,
    /// Protocol callbacks run in the contexts of the registrations, which copy that of the caller.
    read_context: Option<Owned>,
    write_context: Option<Owned>,
    event_loop: Option<Owned>,
    transport: Option<Owned>,
}

/// The native half of a transport.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Stream {
    state: GilCell<State>,
}

/// Gives the class `StreamTransport` its native methods. Called once, where the class is made.
#[pyfunction]
pub fn attach_transport(class: &Bound<'_, PyType>) -> PyResult<()> {
    SLOT.claim::<Stream>(class)?;
    METHODS.iter().try_for_each(|method| method.attach(class))
}

/// Gives a new transport its native half, and returns it. `fd` stays open until `disconnect`.
///
/// Raises `TypeError` for a loop that is no `EventLoop`, `RuntimeError` when the transport has one.
#[pyfunction]
pub fn init_transport<'py>(
    transport: &Bound<'py, PyAny>,
    event_loop: &Bound<'py, PyAny>,
    fd: RawFd,
    protocol: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, Stream>> {
    let py = transport.py();
    event_loop::check(event_loop)?;
    let state = State {
        socket: Some(Socket(fd)),
        queue: WriteQueue::default(),
        watermarks: Watermarks::default(),
        watching: false,
        paused: false,
        eof: false,
        closing: false,
        lost: 0,
        protocol: Some(Protocol::new(protocol)?),
        read_context: None,
        write_context: None,
        event_loop: Some(event_loop.clone().into()),
        transport: Some(transport.clone().into()),
    };
    let stream = Bound::new(py, Stream { state: GilCell::new(state) })?;
    SLOT.fill(transport, stream.clone().into_any().into())?;
    Ok(stream)
}

/// The native half of a transport.
///
/// # Safety
/// `transport` is a live instance of the class given to [`attach_transport`].
unsafe fn stream_of<'a>(py: Python<'_>, transport: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Stream>> {
    // SAFETY: as promised by the caller; `init_transport` fills the slot with a Stream.
    unsafe { SLOT.get(py, transport) }
}

impl Stream {
    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(py, look)
    }

    /// The loop, if the connection is not over.
    fn event_loop(&self, py: Python<'_>) -> Option<Owned> {
        self.with(py, |state| state.event_loop.clone())
    }

    fn transport(&self, py: Python<'_>) -> Option<Owned> {
        self.with(py, |state| state.transport.clone())
    }

    /// Runs `look` on the loop's native half.
    fn with_core<R>(&self, py: Python<'_>, look: impl FnOnce(&Core) -> PyResult<R>) -> PyResult<Option<R>> {
        let Some(event_loop) = self.event_loop(py) else { return Ok(None) };
        // SAFETY: a stream is made with an EventLoop.
        let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) }?;
        look(core.get()).map(Some)
    }

    /// Watches the socket in one direction, or ends that.
    fn watch(slf: &Bound<'_, Self>, direction: Direction, on: bool) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let Some(Socket(fd)) = this.with(py, |state| state.socket) else { return Ok(()) };
        if on {
            this.with_core(py, Core::check_open)?;
        }
        let context = if on { Some(copy_context(py)?) } else { None };
        let old_context = this.with(py, |state| match direction {
            Direction::Read => {
                state.watching = on;
                std::mem::replace(&mut state.read_context, context)
            }
            Direction::Write => std::mem::replace(&mut state.write_context, context),
        });
        drop(old_context);
        let stream = || slf.clone().into_any().into();
        let watch = on.then(|| match direction {
            Direction::Read => Watch::Read(stream()),
            Direction::Write => Watch::Write(stream()),
        });
        let old = this.with_core(py, |core| {
            let old = core.with(py, |state| state.watch(fd, direction, watch));
            // A closed loop watches nothing.
            old.unwrap_or(Ok(None)).map_err(|error| os_error(py, &error))
        })?;
        drop(old);
        Ok(())
    }

    /// Reports an error that ends the connection: to the loop's exception handler unless the network
    /// is to blame, and to the protocol. `KeyboardInterrupt` and `SystemExit` pass through.
    #[cold]
    fn fatal(&self, py: Python<'_>, error: PyErr, message: &str) -> PyResult<()> {
        if ends_the_loop(py, &error) {
            return Err(error);
        }
        if let Some(transport) = self.transport(py) {
            let error = error.into_value(py).into_bound(py).into_any();
            let message = PyString::new(py, message).into_any();
            call_method(intern!(py, "_fatal_error"), [transport.bind(py), &error, &message])?;
        }
        Ok(())
    }
}

#[pymethods]
impl Stream {
    /// Enters the socket among the loop's, so that `add_reader` on it is refused. Reads nothing yet.
    fn connect(&self, py: Python<'_>) -> PyResult<()> {
        let (socket, transport) = self.with(py, |state| (state.socket, state.transport.clone()));
        if let (Some(Socket(fd)), Some(transport)) = (socket, transport) {
            let transport = PyWeakrefReference::new(transport.bind(py))?.into_any();
            let enter = |core: &Core| Ok(core.with(py, |state| state.enter_transport(fd, transport.into())));
            let stale = self.with_core(py, enter)?;
            drop(stale);
        }
        Ok(())
    }

    /// Takes the socket from the loop and drops all that the stream holds. Gives the protocol. The
    /// descriptor may be closed from now on.
    fn disconnect<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let socket = self.with(py, |state| state.socket.take());
        if let Some(Socket(fd)) = socket {
            let removed = self.with_core(py, |core| Ok(core.with(py, |state| state.remove_transport(fd))))?;
            drop(removed);
        }
        let (protocol, rest) = self.with(py, |state| {
            state.closing = true;
            state.watching = false;
            let rest = (
                state.queue.take(),
                state.read_context.take(),
                state.write_context.take(),
                state.event_loop.take(),
                state.transport.take(),
            );
            (state.protocol.take(), rest)
        });
        drop(rest);
        Ok(protocol.map(|protocol| protocol.object().bind(py).clone()))
    }

    /// Marks the stream as closing, and ends reading. Tells whether that is new.
    fn begin_close(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let py = slf.py();
        let new = slf.get().with(py, |state| !std::mem::replace(&mut state.closing, true));
        if new {
            Self::watch(slf, Direction::Read, false)?;
        }
        Ok(new)
    }

    /// Drops what waits to be sent, and ends writing.
    fn discard(slf: &Bound<'_, Self>) -> PyResult<()> {
        let dropped = slf.get().with(slf.py(), |state| state.queue.take());
        if !dropped.is_empty() {
            Self::watch(slf, Direction::Write, false)?;
        }
        Ok(())
    }

    /// How often the connection was found lost; counting up from the first time on.
    #[getter]
    fn get_lost(&self, py: Python<'_>) -> u32 {
        self.with(py, |state| state.lost)
    }

    #[setter]
    fn set_lost(&self, py: Python<'_>, lost: u32) {
        self.with(py, |state| state.lost = lost);
    }

    #[getter(event_loop)]
    fn get_event_loop<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.event_loop(py).map(|event_loop| event_loop.bind(py).clone())
    }

    #[getter(transport)]
    fn get_transport<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.transport(py).map(|transport| transport.bind(py).clone())
    }

    #[getter]
    fn closing(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.closing)
    }

    #[getter]
    fn watching(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.watching)
    }

    #[getter]
    fn get_paused(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.paused)
    }

    #[setter]
    fn set_paused(&self, py: Python<'_>, paused: bool) {
        self.with(py, |state| state.paused = paused);
    }

    #[getter]
    fn get_eof(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.eof)
    }

    #[setter]
    fn set_eof(&self, py: Python<'_>, eof: bool) {
        self.with(py, |state| state.eof = eof);
    }

    #[getter]
    fn get_protocol<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.with(py, |state| state.protocol.as_ref().map(|protocol| protocol.object().clone()))
            .map(|protocol| protocol.bind(py).clone())
    }

    #[setter]
    fn set_protocol(&self, py: Python<'_>, protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        let protocol = Protocol::new(protocol)?;
        let old = self.with(py, |state| state.protocol.replace(protocol));
        drop(old);
        Ok(())
    }

    /// Watches the socket for readability, in a copy of the current context.
    fn start_reading(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::watch(slf, Direction::Read, true)
    }

    /// Ends that.
    fn stop_reading(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::watch(slf, Direction::Read, false)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            let own = [&state.read_context, &state.write_context, &state.event_loop, &state.transport];
            for reference in own.into_iter().flatten() {
                reference.visit(&visit)?;
            }
            if let Some(protocol) = &state.protocol {
                protocol.object().visit(&visit)?;
            }
            state.queue.iter().filter_map(Chunk::object).try_for_each(|chunk| chunk.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let held = self.with(py, |state| {
            (
                state.queue.take(),
                state.protocol.take(),
                state.read_context.take(),
                state.write_context.take(),
                state.event_loop.take(),
                state.transport.take(),
            )
        });
        drop(held);
    }
}
