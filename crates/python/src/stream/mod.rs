//! The native half of a stream transport: bytes between a socket or a pipe and a protocol.
//!
//! The Python classes (python/rondel/transports.py, pipes.py) say what happens once a connection: it
//! opens, closes, reports. What happens once a packet is here: receiving, writing, flow control. The
//! order of calls and the messages are those of `_SelectorSocketTransport` in `CPython`'s
//! `asyncio/selector_events.py`, and of the pipe transports in its `unix_events.py`.

mod chunk;
mod descriptor;
mod end;
mod flow;
mod native;
pub mod open;
pub mod pipes;
mod read;
mod write;
mod writelines;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyType};
use pyo3::{PyTraverseError, PyVisit};
use rondel_net::{Intake, WriteQueue};

pub use self::chunk::{Chunk, View};
pub use self::descriptor::Socket;
use self::descriptor::{Descriptor, Kind};
pub use self::native::{native_of, write_shared};
pub use self::read::WritableView;
use crate::cell::GilCell;
use crate::connection::Connection;
use crate::endpoint::{Endpoint, Watched, endpoint_methods};
use crate::event_loop::{Direction, Watch};
use crate::raw::{Args, Method, NativeSlot, Owned, fast, noargs, one_arg};

static SLOT: NativeSlot = NativeSlot::new("_native");
/// Holds the transport's [`Connection`].
static CONNECTION: NativeSlot = NativeSlot::new("_connection");
static METHODS: [Method; 12] = [
    fast(
        c"write",
        c"write($self, data)\n--\n\nSend data (bytes, bytearray or memoryview), or queue what the system does not take.",
        |slf, args| write::write(slf, args.sole("write", "data")?),
    ),
    fast(
        c"writelines",
        c"writelines($self, list_of_data)\n--\n\nSend the parts in order, with as few system calls as it takes.",
        |slf, args| writelines::writelines(slf, args.sole("writelines", "list_of_data")?),
    ),
    noargs(c"is_closing", c"is_closing($self)\n--\n\nWhether the transport is closing or closed.", is_closing),
    fast(
        c"get_extra_info",
        c"get_extra_info($self, name, default=None)\n--\n\nWhat is known of the connection: socket, sockname, peername.",
        end::get_extra_info,
    ),
    noargs(
        c"close",
        c"close($self)\n--\n\nSend what is queued, then close. connection_lost follows in a later turn.",
        end::close,
    ),
    noargs(c"__del__", c"__del__($self)\n--\n\n", end::finalize),
    one_arg(c"_call_connection_lost", c"_call_connection_lost($self, error)\n--\n\n", end::connection_lost),
    noargs(c"_eof_received", c"_eof_received($self)\n--\n\n", end::eof_received),
    noargs(c"_known", c"_known($self)\n--\n\n", end::known),
    noargs(c"_release_socket", c"_release_socket($self)\n--\n\n", end::release_socket),
    noargs(c"_socket", c"_socket($self)\n--\n\n", end::socket),
    one_arg(c"_start", c"_start($self, waiter)\n--\n\n", open::start),
];

/// What the GIL protects.
struct State {
    endpoint: Endpoint,
    intake: Intake,
    queue: WriteQueue<Chunk>,
    /// `write_eof` was called.
    eof: bool,
    /// A file is sent past the queue; nothing else may be.
    sending_file: bool,
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
    CONNECTION.claim::<Connection>(class)?;
    METHODS.iter().try_for_each(|method| method.attach(class))
}

fn is_closing(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live transport.
    let stream = unsafe { stream_of(py, slf) }?;
    let closing = stream.get().with(py, |state| state.endpoint.closing);
    Ok(PyBool::new(py, closing).to_owned().into_any().into())
}

/// The native half of a transport.
///
/// # Safety
/// `transport` is a live instance of the class given to [`attach_transport`].
unsafe fn stream_of<'a>(py: Python<'_>, transport: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Stream>> {
    // SAFETY: as promised by the caller; `open::init_transport` fills the slot with a Stream.
    unsafe { SLOT.get(py, transport) }
}

impl Stream {
    /// Errors: `TypeError` for a loop that is no `EventLoop`.
    fn new<'py>(
        transport: &Bound<'py, PyAny>,
        event_loop: &Bound<'py, PyAny>,
        Descriptor { fd, kind }: Descriptor,
        protocol: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let state = State {
            endpoint: Endpoint::new(transport, event_loop, fd, protocol)?,
            intake: Intake::default(),
            queue: WriteQueue::default(),
            eof: false,
            sending_file: false,
        };
        Bound::new(transport.py(), Self { kind, state: GilCell::new(state) })
    }

    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(py, look)
    }

    /// None once the connection is lost.
    #[inline]
    fn descriptor(&self, state: &State) -> Option<Descriptor> {
        state.endpoint.fd.map(|fd| Descriptor { fd, kind: self.kind })
    }
}

impl Watched for Stream {
    const READ: fn(Owned) -> Watch = Watch::Read;
    const WRITE: fn(Owned) -> Watch = Watch::Write;

    #[inline]
    fn endpoint<R>(&self, py: Python<'_>, look: impl FnOnce(&mut Endpoint) -> R) -> R {
        self.with(py, |state| look(&mut state.endpoint))
    }

    /// What is still written to a pipe may fail: its reader stays watched.
    fn close_ends_reading(&self) -> bool {
        self.kind != Kind::WritePipe
    }

    fn grown(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.endpoint.watermarks.grown(state.queue.len()));
        self.tell(py, pressure)
    }
}

endpoint_methods!(Stream);

#[pymethods]
impl Stream {
    /// Enters a socket among the loop's, so that `add_reader` on it is refused. Reads nothing yet.
    fn connect(&self, py: Python<'_>) -> PyResult<()> {
        self.enter(py)
    }

    /// Whether the transport has its descriptor still.
    #[getter]
    fn connected(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.endpoint.fd.is_some())
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

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            state.endpoint.visit(&visit)?;
            state.queue.iter().filter_map(Chunk::object).try_for_each(|chunk| chunk.visit(&visit))
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
        (self.queue.take(), self.endpoint.drain())
    }
}
