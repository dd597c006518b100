//! The native half of TLS: what happens once a record.
//!
//! `rondel_net::tls` says what is to be done, [`engine`] is the TLS library, and the pump here goes between the two, the
//! transport below and the application above. The Python classes (python/rondel/tls.py) say what happens once a
//! connection. The order of calls and the messages are those of `SSLProtocol` in `CPython`'s `asyncio/sslproto.py`.

mod calls;
pub mod engine;
mod library;
mod pump;
mod read;
mod window;
mod write;

use std::collections::VecDeque;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTraverseError, PyVisit};
use rondel_net::tls;

use self::engine::Engine;
use crate::cell::GilCell;
use crate::protocol::Protocol;
use crate::raw::{Method, NativeSlot, Owned, fast, one_arg};
use crate::stream::{self, Chunk};

static PROTOCOL: NativeSlot = NativeSlot::new("_native");
static PROTOCOL_METHODS: [Method; 1] = [one_arg(
    c"data_received",
    c"data_received($self, data)\n--\n\nDecrypt data (bytes-like), and give it to the application.",
    read::data_received,
)];

static TRANSPORT: NativeSlot = NativeSlot::new("_native");
static TRANSPORT_METHODS: [Method; 1] = [fast(
    c"write",
    c"write($self, data)\n--\n\nEncrypt data (bytes, bytearray or memoryview) and send it, or queue it.",
    |slf, args| write::write(slf, args.sole("write", "data")?),
)];

/// What takes the ciphertext.
#[derive(Clone, Debug)]
enum Below {
    /// The native half of a transport of ours.
    Stream(Owned),
    /// Any transport.
    Transport(Owned),
}

/// What the GIL protects.
struct State {
    machine: tls::Tls,
    engine: Option<Engine>,
    /// Plaintext that waits, and how much of its first chunk is encrypted.
    backlog: VecDeque<Chunk>,
    encrypted: usize,
    /// The library has a part of a record.
    partial: bool,
    /// What has come looks like exactly one record.
    single: bool,
    /// How often something was written that goes nowhere.
    lost: u32,
    /// The application.
    protocol: Option<Protocol>,
    below: Option<Below>,
    /// The Python half, a `TLSProtocol`.
    owner: Option<Owned>,
}

/// The native half of a TLS connection.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Tls {
    state: GilCell<State>,
}

/// Gives the classes `TLSProtocol` and `SSLTransport` their native methods. Called once, where the classes are made.
#[pyfunction]
pub fn attach_tls(protocol: &Bound<'_, PyType>, transport: &Bound<'_, PyType>) -> PyResult<()> {
    PROTOCOL.claim::<Tls>(protocol)?;
    TRANSPORT.claim::<Tls>(transport)?;
    PROTOCOL_METHODS.iter().try_for_each(|method| method.attach(protocol))?;
    TRANSPORT_METHODS.iter().try_for_each(|method| method.attach(transport))
}

/// Gives a new pair of `TLSProtocol` and `SSLTransport` their native half, and returns it.
///
/// `objects`: an `SSLObject`, the C object inside of it if that may be used directly, and its two `MemoryBIO`, for what
/// comes in and what goes out.
///
/// Raises `TypeError` for other objects, `RuntimeError` when one of the pair has a native half.
#[pyfunction]
pub fn init_tls<'py>(
    owner: &Bound<'py, PyAny>,
    transport: &Bound<'py, PyAny>,
    protocol: &Bound<'py, PyAny>,
    objects: (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Bound<'py, PyAny>, Bound<'py, PyAny>),
) -> PyResult<Bound<'py, Tls>> {
    let (object, direct, incoming, outgoing) = objects;
    let state = State {
        machine: tls::Tls::default(),
        engine: Some(Engine::new(&object, direct.as_ref(), &incoming, &outgoing)?),
        backlog: VecDeque::new(),
        encrypted: 0,
        partial: false,
        single: false,
        lost: 0,
        protocol: Some(Protocol::new(protocol)?),
        below: None,
        owner: Some(owner.clone().into()),
    };
    let tls = Bound::new(owner.py(), Tls { state: GilCell::new(state) })?;
    PROTOCOL.fill(owner, tls.clone().into_any().into())?;
    TRANSPORT.fill(transport, tls.clone().into_any().into())?;
    Ok(tls)
}

/// The native half of a `TLSProtocol`; `None` for any other object.
pub fn native_of(protocol: &Bound<'_, PyAny>) -> Option<Owned> {
    if !PROTOCOL.is_in(protocol) {
        return None;
    }
    // SAFETY: it is an instance of the class, and alive; `init_tls` fills the slot with a Tls.
    let tls = unsafe { PROTOCOL.get::<Tls>(protocol.py(), protocol.as_ptr()) }.ok()?;
    Some(tls.to_owned().into_any().into())
}

/// The native half of a transport.
///
/// # Safety
/// `transport` is a live `SSLTransport`.
unsafe fn tls_of_transport<'a>(py: Python<'_>, transport: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Tls>> {
    // SAFETY: as promised by the caller; `init_tls` fills the slot with a Tls.
    unsafe { TRANSPORT.get(py, transport) }
}

/// The native half of a protocol.
///
/// # Safety
/// `protocol` is a live `TLSProtocol`.
unsafe fn tls_of_protocol<'a>(py: Python<'_>, protocol: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Tls>> {
    // SAFETY: as promised by the caller; `init_tls` fills the slot with a Tls.
    unsafe { PROTOCOL.get(py, protocol) }
}

impl Below {
    fn new(transport: &Bound<'_, PyAny>) -> Self {
        stream::native_of(transport).map_or_else(|| Self::Transport(transport.clone().into()), Self::Stream)
    }

    fn object(&self) -> &Owned {
        match self {
            Self::Stream(object) | Self::Transport(object) => object,
        }
    }
}

impl Tls {
    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(py, look)
    }
}

impl State {
    /// What is held for a connection that goes on. To be dropped outside of the cell.
    fn release(&mut self) -> impl Sized + use<> {
        self.machine.abort();
        self.encrypted = 0;
        (
            std::mem::take(&mut self.backlog),
            self.engine.take(),
            self.protocol.take(),
            self.below.take(),
            self.owner.take(),
        )
    }

    /// Appends to the plaintext that waits.
    #[inline]
    fn push(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        let len = chunk.as_ref().len();
        if !self.machine.write(len) {
            return Err(chunk);
        }
        if len > 0 {
            self.backlog.push_back(chunk);
        }
        Ok(())
    }
}

#[pymethods]
impl Tls {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            if let Some(engine) = &state.engine {
                engine.visit(&visit)?;
            }
            if let Some(protocol) = &state.protocol {
                protocol.visit(&visit)?;
            }
            if let Some(below) = &state.below {
                below.object().visit(&visit)?;
            }
            if let Some(owner) = &state.owner {
                owner.visit(&visit)?;
            }
            state.backlog.iter().filter_map(Chunk::object).try_for_each(|chunk| chunk.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let held = self.with(py, State::release);
        drop(held);
    }
}
