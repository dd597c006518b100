//! The native half of a datagram transport: packets between a socket and a protocol.
//!
//! The Python class (python/rondel/datagrams.py) says what happens once an endpoint: it opens, closes, reports. What
//! happens once a packet is here: receiving, sending, addresses, flow control. The order of calls is that of
//! `_SelectorDatagramTransport` in `CPython`'s `asyncio/selector_events.py`.

pub mod address;
mod limits;
mod receive;
mod send;

use std::os::fd::RawFd;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyType, PyWeakrefReference};
use pyo3::{PyTraverseError, PyVisit};
use rondel_engine::SourceKey;
use rondel_net::{DatagramQueue, Watermarks};
use rondel_sys::sockaddr::SocketAddress;

use self::address::Family;
use self::send::Destination;
use crate::cell::GilCell;
use crate::errors::os_error;
use crate::event_loop::{self, Core, Direction, Watch};
use crate::pressure::Parties;
use crate::raw::{Method, NativeSlot, Owned, copy_context, fast};
use crate::stream::{Chunk, Socket};

static SLOT: NativeSlot = NativeSlot::new("_native");
static METHODS: [Method; 1] = [fast(
    c"sendto",
    c"sendto($self, data, addr=None)\n--\n\nSend a datagram, or queue it if the system does not take it now.",
    send::sendto,
)];

/// An address in both forms. The Python object is one that nobody can change.
struct Known {
    raw: SocketAddress,
    object: Owned,
}

/// What the GIL protects.
#[allow(clippy::struct_excessive_bools)] // asyncio's own flags: each is set and asked alone
struct State {
    /// None once the endpoint is closed.
    socket: Option<Socket>,
    family: Family,
    /// The Python socket, for what is not done here.
    sock: Option<Owned>,
    /// The system knows whom to send to; an address is not asked for.
    connected: bool,
    /// The same, but an address may be given: the peer is a Unix socket without a name.
    paired: bool,
    /// The one address that may be given, where nothing is connected: that of a broadcast.
    remote: Option<Owned>,
    /// The last address that came in.
    last: Option<Known>,
    queue: DatagramQueue<Chunk, Destination>,
    watermarks: Watermarks,
    /// Whether the socket is watched for readability.
    watching: bool,
    /// `pause_reading` was called last, not `resume_reading`.
    paused: bool,
    /// `close` or `abort` was called, or the endpoint failed.
    closing: bool,
    /// How many times the endpoint was found gone; sending adds to it.
    lost: u32,
    /// Whether an empty datagram is sent, not ignored.
    sends_empty: bool,
    protocol: Option<Owned>,
    /// Protocol callbacks run in the contexts of the registrations, which copy that of the caller.
    read_context: Option<Owned>,
    write_context: Option<Owned>,
    event_loop: Option<Owned>,
    transport: Option<Owned>,
    /// Where the loop has the socket: another one's of the same number is none of ours.
    entry: Option<SourceKey>,
}

/// The native half of a `DatagramTransport`.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Datagrams {
    state: GilCell<State>,
}

/// Gives the class `DatagramTransport` its native methods. Called once, where the class is made.
#[pyfunction]
pub fn attach_datagrams(class: &Bound<'_, PyType>) -> PyResult<()> {
    SLOT.claim::<Datagrams>(class)?;
    METHODS.iter().try_for_each(|method| method.attach(class))
}

/// Gives a new transport its native half, and returns it. The descriptor of `sock` stays open until `disconnect`.
///
/// `remote` is the one address that may be given to `sendto`; `header` is what a queued datagram counts beside its
/// bytes, or None for an asyncio that sends no empty datagrams and counts no header (before 3.13).
///
/// Raises `TypeError` for a loop that is no `EventLoop`, `RuntimeError` when the transport has one.
#[pyfunction]
#[pyo3(signature = (transport, event_loop, sock, protocol, remote, header))]
pub fn init_datagrams<'py>(
    transport: &Bound<'py, PyAny>,
    event_loop: &Bound<'py, PyAny>,
    sock: &Bound<'py, PyAny>,
    protocol: &Bound<'py, PyAny>,
    remote: Option<&Bound<'py, PyAny>>,
    header: Option<usize>,
) -> PyResult<Bound<'py, Datagrams>> {
    let py = transport.py();
    event_loop::check(event_loop)?;
    let fd: RawFd = sock.call_method0("fileno")?.extract()?;
    let state = State {
        socket: Some(Socket(fd)),
        family: address::family(sock)?,
        sock: Some(sock.clone().into()),
        connected: false,
        paired: false,
        remote: remote.map(|remote| remote.clone().into()),
        last: None,
        queue: DatagramQueue::new(header.unwrap_or(0)),
        watermarks: Watermarks::default(),
        watching: false,
        paused: false,
        closing: false,
        lost: 0,
        sends_empty: header.is_some(),
        protocol: Some(protocol.clone().into()),
        read_context: None,
        write_context: None,
        event_loop: Some(event_loop.clone().into()),
        transport: Some(transport.clone().into()),
        entry: None,
    };
    let datagrams = Bound::new(py, Datagrams { state: GilCell::new(state) })?;
    SLOT.fill(transport, datagrams.clone().into_any().into())?;
    Ok(datagrams)
}

/// The native half of a transport.
///
/// # Safety
/// `transport` is a live instance of the class given to [`attach_datagrams`].
unsafe fn datagrams_of<'a>(py: Python<'_>, transport: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Datagrams>> {
    // SAFETY: as promised by the caller; `init_datagrams` fills the slot with Datagrams.
    unsafe { SLOT.get(py, transport) }
}

impl Datagrams {
    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(py, look)
    }

    fn parties(&self, py: Python<'_>) -> Parties {
        self.with(py, |state| Parties {
            protocol: state.protocol.clone(),
            transport: state.transport.clone(),
            event_loop: state.event_loop.clone(),
        })
    }

    /// Runs `look` on the loop's native half, unless the endpoint is closed.
    fn with_core<R>(&self, py: Python<'_>, look: impl FnOnce(&Core) -> PyResult<R>) -> PyResult<Option<R>> {
        let Some(event_loop) = self.with(py, |state| state.event_loop.clone()) else { return Ok(None) };
        // SAFETY: it is made with an EventLoop.
        let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) }?;
        look(core.get()).map(Some)
    }

    /// Watches the socket in one direction, or ends that.
    fn watch(slf: &Bound<'_, Self>, direction: Direction, on: bool) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let (Some(Socket(fd)), Some(key)) = this.with(py, |state| (state.socket, state.entry)) else { return Ok(()) };
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
        let object = || slf.clone().into_any().into();
        let watch = on.then(|| match direction {
            Direction::Read => Watch::Receive(object()),
            Direction::Write => Watch::Send(object()),
        });
        let old =
            this.with_core(py, |core| {
                let old = core.with(py, |state| {
                    if state.is_transport(fd, key) { state.watch(fd, direction, watch) } else { Ok(None) }
                });
                // A closed loop watches nothing.
                old.unwrap_or(Ok(None)).map_err(|error| os_error(py, &error))
            })?;
        drop(old);
        Ok(())
    }
}

#[pymethods]
impl Datagrams {
    /// Enters the socket among the loop's, so that `add_reader` on it is refused. Receives nothing yet. `peername` is
    /// that of the socket, None if it is not connected.
    #[pyo3(signature = (peername))]
    fn connect(&self, py: Python<'_>, peername: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let connected = peername.map_or(Ok(false), PyAnyMethods::is_truthy)?;
        let (socket, transport) = self.with(py, |state| {
            state.connected = connected;
            state.paired = peername.is_some() && !connected;
            (state.socket, state.transport.clone())
        });
        if let (Some(Socket(fd)), Some(transport)) = (socket, transport) {
            let transport = PyWeakrefReference::new(transport.bind(py))?.into_any();
            let enter = |core: &Core| Ok(core.with(py, |state| state.enter_transport(fd, transport.into())));
            if let Some((key, stale)) = self.with_core(py, enter)?.flatten() {
                self.with(py, |state| state.entry = Some(key));
                drop(stale);
            }
        }
        Ok(())
    }

    /// Takes the socket from the loop and drops all that is held. Gives the protocol. The descriptor may be closed from
    /// now on.
    fn disconnect<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let (socket, entry) = self.with(py, |state| (state.socket.take(), state.entry.take()));
        if let (Some(Socket(fd)), Some(key)) = (socket, entry) {
            let removed = self.with_core(py, |core| Ok(core.with(py, |state| state.remove_transport(fd, key))))?;
            drop(removed);
        }
        let (protocol, rest) = self.with(py, |state| {
            state.closing = true;
            (state.protocol.take(), state.drain())
        });
        drop(rest);
        Ok(protocol.map(|protocol| protocol.bind(py).clone()))
    }

    /// Marks the endpoint as closing, and ends receiving. Tells whether that is new.
    fn begin_close(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let py = slf.py();
        let new = slf.get().with(py, |state| !std::mem::replace(&mut state.closing, true));
        if new {
            Self::watch(slf, Direction::Read, false)?;
        }
        Ok(new)
    }

    /// Drops what waits to be sent, and ends sending.
    fn discard(slf: &Bound<'_, Self>) -> PyResult<()> {
        let dropped = slf.get().with(slf.py(), |state| state.queue.take());
        if !dropped.is_empty() {
            Self::watch(slf, Direction::Write, false)?;
        }
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

    #[getter(event_loop)]
    fn get_event_loop<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.parties(py).event_loop.map(|event_loop| event_loop.bind(py).clone())
    }

    #[getter(transport)]
    fn get_transport<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.parties(py).transport.map(|transport| transport.bind(py).clone())
    }

    #[getter]
    fn get_protocol<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.parties(py).protocol.map(|protocol| protocol.bind(py).clone())
    }

    #[setter]
    fn set_protocol(&self, py: Python<'_>, protocol: &Bound<'_, PyAny>) {
        let old = self.with(py, |state| state.protocol.replace(protocol.clone().into()));
        drop(old);
    }

    /// How often the endpoint was found gone; counting up from the first time on.
    #[getter]
    fn get_lost(&self, py: Python<'_>) -> u32 {
        self.with(py, |state| state.lost)
    }

    #[setter]
    fn set_lost(&self, py: Python<'_>, lost: u32) {
        self.with(py, |state| state.lost = lost);
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

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            let own = [
                &state.sock,
                &state.remote,
                &state.protocol,
                &state.read_context,
                &state.write_context,
                &state.event_loop,
                &state.transport,
            ];
            for reference in own.into_iter().flatten().chain(state.last.as_ref().map(|known| &known.object)) {
                reference.visit(&visit)?;
            }
            let queued = state.queue.iter().flat_map(|(chunk, to)| [chunk.object(), to.object()]).flatten();
            queued.into_iter().try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let held = self.with(py, |state| (state.protocol.take(), state.drain()));
        drop(held);
    }
}

impl State {
    /// All that is held beside the protocol, to be dropped where Python code may run.
    fn drain(&mut self) -> impl Sized + use<> {
        self.watching = false;
        let objects = [
            self.sock.take(),
            self.remote.take(),
            self.read_context.take(),
            self.write_context.take(),
            self.event_loop.take(),
            self.transport.take(),
        ];
        (self.queue.take(), self.last.take(), objects)
    }
}
