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
use pyo3::types::PyType;
use pyo3::{PyTraverseError, PyVisit};
use rondel_net::{DatagramQueue, Lookahead};
use rondel_sys::sockaddr::SocketAddress;

use self::address::Family;
use self::send::Destination;
use crate::cell::GilCell;
use crate::endpoint::{Endpoint, Watched, endpoint_methods};
use crate::event_loop::{Direction, Watch};
use crate::raw::{Method, NativeSlot, Owned, fast};
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
struct State {
    endpoint: Endpoint,
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
    lookahead: Lookahead,
    queue: DatagramQueue<Chunk, Destination>,
    /// Whether an empty datagram is sent, not ignored.
    sends_empty: bool,
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
    let fd: RawFd = sock.call_method0("fileno")?.extract()?;
    let state = State {
        endpoint: Endpoint::new(transport, event_loop, fd, protocol)?,
        family: address::family(sock)?,
        sock: Some(sock.clone().into()),
        connected: false,
        paired: false,
        remote: remote.map(|remote| remote.clone().into()),
        last: None,
        lookahead: Lookahead::default(),
        queue: DatagramQueue::new(header.unwrap_or(0)),
        sends_empty: header.is_some(),
    };
    let datagrams = Bound::new(transport.py(), Datagrams { state: GilCell::new(state) })?;
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

    /// None once the endpoint is closed.
    #[inline]
    fn socket(&self, py: Python<'_>) -> Option<Socket> {
        self.with(py, |state| state.endpoint.fd.map(Socket))
    }
}

impl Watched for Datagrams {
    const READ: fn(Owned) -> Watch = Watch::Receive;
    const WRITE: fn(Owned) -> Watch = Watch::Send;

    #[inline]
    fn endpoint<R>(&self, py: Python<'_>, look: impl FnOnce(&mut Endpoint) -> R) -> R {
        self.with(py, |state| look(&mut state.endpoint))
    }

    fn grown(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.endpoint.watermarks.grown(state.queue.size()));
        self.tell(py, pressure)
    }
}

endpoint_methods!(Datagrams);

#[pymethods]
impl Datagrams {
    /// Enters the socket among the loop's, so that `add_reader` on it is refused. Receives nothing yet. `peername` is
    /// that of the socket, None if it is not connected.
    #[pyo3(signature = (peername))]
    fn connect(&self, py: Python<'_>, peername: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let connected = peername.map_or(Ok(false), PyAnyMethods::is_truthy)?;
        self.with(py, |state| {
            state.connected = connected;
            state.paired = peername.is_some() && !connected;
        });
        self.enter(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            state.endpoint.visit(&visit)?;
            let own = [&state.sock, &state.remote].into_iter().flatten();
            own.chain(state.last.as_ref().map(|known| &known.object)).try_for_each(|object| object.visit(&visit))?;
            let queued = state.queue.iter().flat_map(|(chunk, to)| [chunk.object(), to.object()]).flatten();
            queued.into_iter().try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let held = self.with(py, |state| (state.endpoint.protocol.take(), state.drain()));
        drop(held);
    }
}

impl State {
    /// All that is held beside the protocol, to be dropped where Python code may run.
    fn drain(&mut self) -> impl Sized + use<> {
        (self.queue.take(), self.last.take(), [self.sock.take(), self.remote.take()], self.endpoint.drain())
    }
}
