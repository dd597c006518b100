//! The socket of a stream transport: its descriptor, its names, and Python's object for it once somebody asks.
//!
//! Few programs look at the socket object of a connection, and to make one takes longer than to accept. So native code
//! owns the descriptor until then.

pub mod accept;
mod audit;
pub mod connect;
mod name;
mod object;

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};
use rondel_sys::connect as sys;
use rondel_sys::sockaddr;

use self::connect::Waiting;
use self::name::Name;
use crate::cell::GilCell;
use crate::raw::{Owned, call_method};
use crate::stream::Socket;

/// What a socket is, by the system's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub family: i32,
    pub protocol: i32,
}

impl Kind {
    /// Whether asyncio would have small packets sent at once.
    fn is_tcp(self) -> bool {
        matches!(self.family, sockaddr::INET | sockaddr::INET6)
    }
}

/// What the GIL protects.
struct State {
    /// None once a socket object owns it, or it is closed.
    fd: Option<OwnedFd>,
    /// Python's socket object.
    object: Option<Owned>,
    /// A transport has it: `close` of the socket object by somebody else waits for ours.
    held: bool,
    closed: bool,
    local: Option<Name>,
    peer: Option<Name>,
    /// What `get_extra_info` knows, once somebody has asked for the socket, or where a program has given some.
    extra: Option<Owned>,
    /// While it connects.
    waiting: Option<Waiting>,
}

/// A connected stream socket, or one on its way, which it owns.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Connection {
    kind: Kind,
    state: GilCell<State>,
}

impl Connection {
    fn new(kind: Kind, fd: OwnedFd) -> Self {
        let state = State {
            fd: Some(fd),
            object: None,
            held: false,
            closed: false,
            local: None,
            peer: None,
            extra: None,
            waiting: None,
        };
        Self { kind, state: GilCell::new(state) }
    }

    fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(py, look)
    }

    /// The descriptor that is ours alone; None once a socket object has it.
    fn own(&self, py: Python<'_>) -> Option<Socket> {
        self.with(py, |state| state.fd.as_ref().map(|fd| Socket(fd.as_raw_fd())))
    }

    /// Whether it is not closed yet.
    pub fn is_open(&self, py: Python<'_>) -> bool {
        self.with(py, |state| !state.closed)
    }

    /// A transport has it from now on.
    pub fn hold(&self, py: Python<'_>) -> PyResult<()> {
        let object = self.with(py, |state| {
            state.held = true;
            state.object.clone()
        });
        // A socket of the program's own has no kind: who gave it says what it is.
        if self.kind.is_tcp() {
            // Another protocol than TCP has no such option, and needs none.
            let _ = sys::set_no_delay(Socket(self.fileno(py)?));
        }
        object.map_or(Ok(()), |object| object::hold(object.bind(py)))
    }

    /// What `get_extra_info(name, default)` of the transport gives.
    pub fn info<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Owned> {
        let py = slf.py();
        let this = slf.get();
        if this.with(py, |state| state.extra.is_none())
            && let Ok(text) = name.cast_exact::<PyString>()
        {
            match text.to_str()? {
                "sockname" => return name::to_python(py, this.with(py, |state| state.local.clone()).as_ref()),
                "peername" => return name::to_python(py, this.with(py, |state| state.peer.clone()).as_ref()),
                "socket" => {}
                _ => return Ok(default.cloned().unwrap_or_else(|| py.None().into_bound(py)).into()),
            }
        }
        let known = Self::extra(slf)?;
        let none = py.None().into_bound(py);
        call_method(intern!(py, "get"), [known.as_any(), name, default.unwrap_or(&none)])
    }
}

#[pymethods]
impl Connection {
    /// A socket object that a program gave, with what `get_extra_info` is to know of it.
    #[staticmethod]
    fn of(sock: &Bound<'_, PyAny>, extra: &Bound<'_, PyDict>) -> Self {
        let state = State {
            fd: None,
            object: Some(sock.clone().into()),
            held: false,
            closed: false,
            local: None,
            peer: None,
            extra: Some(extra.clone().into_any().into()),
            waiting: None,
        };
        Self { kind: Kind { family: 0, protocol: 0 }, state: GilCell::new(state) }
    }

    /// The descriptor; -1 once it is closed.
    pub fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        let (own, object) = self.with(py, |state| (state.fd.as_ref().map(AsRawFd::as_raw_fd), state.object.clone()));
        match (own, object) {
            (Some(fd), _) => Ok(fd),
            (None, Some(object)) => object.bind(py).call_method0(intern!(py, "fileno"))?.extract(),
            (None, None) => Ok(-1),
        }
    }

    /// Python's socket object, which owns the descriptor from now on; None once it is closed.
    pub fn socket<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = slf.py();
        let this = slf.get();
        if let Some(object) = this.with(py, |state| state.object.clone()) {
            return Ok(this.is_open(py).then(|| object.bind(py).clone()));
        }
        let Some(fd) = this.own(py) else { return Ok(None) };
        let made = object::adopt(py, this.kind, fd.0)?;
        // Python code ran: the descriptor may be another object's by now, or closed.
        let (taken, held) = this.with(py, |state| {
            let taken = state.fd.take();
            if taken.is_some() {
                state.object = Some(made.clone().into());
            }
            (taken, state.held)
        });
        let Some(fd) = taken else {
            made.call_method0(intern!(py, "detach"))?;
            return Self::socket(slf);
        };
        // The object closes it.
        let _ = std::os::fd::IntoRawFd::into_raw_fd(fd);
        if held {
            object::hold(&made)?;
        }
        Ok(Some(made))
    }

    /// All that `get_extra_info` knows: `socket`, `sockname`, `peername`, and what else a program has put there.
    pub fn extra<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        if let Some(known) = this.with(py, |state| state.extra.clone()) {
            return Ok(known.bind(py).clone());
        }
        let socket = match Self::socket(slf)? {
            Some(socket) => socket,
            None => object::closed(py, this.kind)?,
        };
        let (local, peer) = this.with(py, |state| (state.local.clone(), state.peer.clone()));
        let known = PyDict::new(py);
        known.set_item(intern!(py, "socket"), object::transport_socket(&socket)?)?;
        known.set_item(intern!(py, "sockname"), name::to_python(py, local.as_ref())?.bind(py))?;
        known.set_item(intern!(py, "peername"), name::to_python(py, peer.as_ref())?.bind(py))?;
        let known = known.into_any();
        let set = this.with(py, |state| state.extra.get_or_insert_with(|| known.clone().into()).clone());
        Ok(set.bind(py).clone())
    }

    /// Sends the end of the stream. Nothing if it is closed.
    fn shut_down_writing(&self, py: Python<'_>) -> PyResult<()> {
        match (self.own(py), self.with(py, |state| state.object.clone())) {
            (Some(fd), _) => sys::shut_down_writing(fd).map_err(|error| crate::errors::os_error(py, &error)),
            (None, Some(object)) => object::shut_down_writing(object.bind(py)),
            (None, None) => Ok(()),
        }
    }

    /// Closes the descriptor, and gives up a connection on its way. Again: no effect.
    pub fn close(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = self.with(py, |state| state.waiting.take());
        if let Some(waiting) = waiting {
            waiting.leave(py, self.own(py));
        }
        let (fd, object, held, first) = self.with(py, |state| {
            let first = !std::mem::replace(&mut state.closed, true);
            (state.fd.take(), state.object.take(), state.held, first)
        });
        // With SO_LINGER (which the listening socket may hand down) it takes as long as the peer does.
        py.detach(|| drop(fd));
        match object {
            Some(object) if first => object::close(object.bind(py), held),
            _ => Ok(()),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.with(py, |state| {
            let held = [&state.object, &state.extra].into_iter().flatten();
            held.chain(state.waiting.iter().flat_map(Waiting::held)).try_for_each(|object| object.visit(&visit))
        })
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        // The socket object stays: its own end closes the descriptor.
        let held = self.with(py, |state| (state.extra.take(), state.waiting.take()));
        drop(held);
    }
}

/// Errors: `ValueError` for no descriptor.
fn check_descriptor(fd: RawFd) -> PyResult<Socket> {
    if fd < 0 { Err(PyValueError::new_err(format!("Invalid file descriptor: {fd}"))) } else { Ok(Socket(fd)) }
}
