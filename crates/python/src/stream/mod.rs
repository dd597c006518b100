//! The native half of a stream transport: bytes between a socket or a pipe and a protocol.
//!
//! The Python classes (python/rondel/transports.py, pipes.py) say what happens once a connection: it
//! opens, closes, reports. What happens once a packet is here: receiving, writing, flow control. The
//! order of calls and the messages are those of `_SelectorSocketTransport` in `CPython`'s
//! `asyncio/selector_events.py`, and of the pipe transports in its `unix_events.py`.

mod chunk;
mod descriptor;
mod flow;
mod native;
pub mod pipes;
mod read;
mod watch;
mod write;

use std::os::fd::RawFd;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType, PyWeakrefReference};
use pyo3::{PyTraverseError, PyVisit};
use rondel_engine::SourceKey;
use rondel_net::{Watermarks, WriteQueue};

pub use self::chunk::{Chunk, View};
pub use self::descriptor::Socket;
use self::descriptor::{Descriptor, Kind};
pub use self::native::{native_of, write_shared};
pub use self::read::WritableView;
use crate::cell::GilCell;
use crate::errors::ends_the_loop;
use crate::event_loop::{self, Core, Direction};
use crate::protocol::Protocol;
use crate::raw::{Method, NativeSlot, Owned, call_method, one_arg};

static SLOT: NativeSlot = NativeSlot::new("_native");
static METHODS: [Method; 1] = [one_arg(
    c"write",
    c"write($self, data)\n--\n\nSend data (bytes, bytearray or memoryview), or queue what the system does not take.",
    write::write,
)];

/// What the GIL protects.
#[allow(clippy::struct_excessive_bools)] // asyncio's own flags: each is set and asked alone
struct State {
    /// None once the connection is lost.
    descriptor: Option<Descriptor>,
    queue: WriteQueue<Chunk>,
    watermarks: Watermarks,
    /// Whether the descriptor is watched for readability.
    watching: bool,
    /// `pause_reading` was called last, not `resume_reading`.
    paused: bool,
    /// `write_eof` was called.
    eof: bool,
    /// A file is sent past the queue; nothing else may be.
    sending_file: bool,
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
    /// Where the loop has the socket: another one's of the same number is none of ours.
    entry: Option<SourceKey>,
}

/// The native half of a transport.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Stream {
    /// Also once the descriptor is gone.
    kind: Kind,
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
    let stream = Stream::new(transport, event_loop, Descriptor { fd, kind: Kind::Socket }, protocol)?;
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
    /// Errors: `TypeError` for a loop that is no `EventLoop`.
    fn new<'py>(
        transport: &Bound<'py, PyAny>,
        event_loop: &Bound<'py, PyAny>,
        descriptor: Descriptor,
        protocol: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        event_loop::check(event_loop)?;
        let state = State {
            descriptor: Some(descriptor),
            queue: WriteQueue::default(),
            watermarks: Watermarks::default(),
            watching: false,
            paused: false,
            eof: false,
            sending_file: false,
            closing: false,
            lost: 0,
            protocol: Some(Protocol::new(protocol)?),
            read_context: None,
            write_context: None,
            event_loop: Some(event_loop.clone().into()),
            transport: Some(transport.clone().into()),
            entry: None,
        };
        Bound::new(transport.py(), Self { kind: descriptor.kind, state: GilCell::new(state) })
    }

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
    /// Enters a socket among the loop's, so that `add_reader` on it is refused. Reads nothing yet.
    fn connect(&self, py: Python<'_>) -> PyResult<()> {
        let (socket, transport) = self.with(py, |state| (state.descriptor, state.transport.clone()));
        if let (Some(Descriptor { fd, .. }), Some(transport)) = (socket, transport) {
            let transport = PyWeakrefReference::new(transport.bind(py))?.into_any();
            let enter = |core: &Core| Ok(core.with(py, |state| state.enter_transport(fd, transport.into())));
            if let Some((key, stale)) = self.with_core(py, enter)?.flatten() {
                self.with(py, |state| state.entry = Some(key));
                drop(stale);
            }
        }
        Ok(())
    }

    /// Takes the descriptor from the loop and drops all that the stream holds. Gives the protocol. The
    /// descriptor may be closed from now on.
    fn disconnect<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = slf.py();
        let this = slf.get();
        match this.with(py, |state| (state.descriptor, state.entry.take())) {
            (Some(Descriptor { fd, .. }), Some(key)) => {
                let removed = this.with_core(py, |core| Ok(core.with(py, |state| state.remove_transport(fd, key))))?;
                drop(removed);
            }
            // Both ends of a terminal may be the same descriptor: the other one goes on.
            (Some(_), None) => {
                Self::watch(slf, Direction::Read, false)?;
                Self::watch(slf, Direction::Write, false)?;
            }
            (None, _) => {}
        }
        let (protocol, rest) = this.with(py, |state| {
            state.descriptor = None;
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

    /// Marks the stream as closing, and ends reading (what is still written to a pipe may fail: its
    /// reader stays watched). Tells whether that is new.
    fn begin_close(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let py = slf.py();
        let (new, reads) = slf.get().with(py, |state| {
            let reads = state.descriptor.is_some_and(|descriptor| descriptor.kind != Kind::WritePipe);
            (!std::mem::replace(&mut state.closing, true), reads)
        });
        if new && reads {
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
    fn get_sending_file(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.sending_file)
    }

    #[setter]
    fn set_sending_file(&self, py: Python<'_>, sending_file: bool) {
        self.with(py, |state| state.sending_file = sending_file);
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

    /// Watches the descriptor for readability, in a copy of the current context.
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
                protocol.visit(&visit)?;
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
