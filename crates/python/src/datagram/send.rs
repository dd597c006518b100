//! From the program to the socket: at once, and only what the system refuses is queued.

use std::ffi::{CStr, c_char, c_int};
use std::io;

use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};
use rondel_sys::sockaddr::SocketAddress;
use rondel_sys::{datagram, socket};

use super::address;
use super::receive::would_block;
use super::{Datagrams, datagrams_of};
use crate::endpoint::Watched;
use crate::errors::os_error;
use crate::event_loop::Direction;
use crate::raw::{Args, Entered, Owned, call_method};
use crate::stream::{Chunk, Socket, View};

/// Where a datagram goes.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // made on the stack for each datagram, kept for few
pub enum Destination {
    /// To whom the socket is connected.
    Peer,
    /// There. The object is the same address, for audit hooks.
    Raw(SocketAddress, Owned),
    /// There, if the socket object can make something of it.
    Object(Owned),
}

impl Destination {
    /// The Python object held, if there is one.
    pub fn object(&self) -> Option<&Owned> {
        match self {
            Self::Peer => None,
            Self::Raw(_, object) | Self::Object(object) => Some(object),
        }
    }
}

/// What became of a datagram.
enum Sent {
    Yes,
    /// The system's buffer is full.
    Refused,
    /// A network's error, which the protocol is told.
    Failed(PyErr),
    /// A program's error, which ends the endpoint.
    Wrong(PyErr),
}

/// What becomes of a call.
enum Fate {
    Send(Socket),
    /// Behind what waits already.
    Queue,
    /// The endpoint is gone.
    Lost,
}

unsafe extern "C" {
    fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
}

/// `transport.sendto(data, addr=None)`
pub fn sendto(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live transport.
    let datagrams = unsafe { datagrams_of(py, slf)? };
    let (data, address) = arguments(&args)?;
    let address = address.filter(|address| !address.is_none());
    if let Ok(bytes) = data.cast::<PyBytes>() {
        send_bytes(&datagrams, bytes.as_bytes(), address.as_deref(), || Chunk::shared(&bytes))?;
    } else if data.is_instance_of::<PyByteArray>() || data.is_instance_of::<PyMemoryView>() {
        if let Ok(view) = View::new(&data) {
            // Copied, because the caller may use the buffer again.
            send_bytes(&datagrams, view.bytes(), address.as_deref(), || Chunk::Copied(view.bytes().to_vec()))?;
        } else {
            // With gaps in it.
            let whole = data.call_method0(intern!(py, "tobytes"))?.cast_into::<PyBytes>()?;
            send_bytes(&datagrams, whole.as_bytes(), address.as_deref(), || Chunk::shared(&whole))?;
        }
    } else {
        return Err(PyTypeError::new_err(format!(
            "data argument must be a bytes-like object, not '{}'",
            data.get_type().name()?
        )));
    }
    Ok(py.None().into_bound(py).into())
}

type Object<'a, 'py> = Borrowed<'a, 'py, PyAny>;

/// `data`, and `addr` if it was given.
#[inline]
fn arguments<'a, 'py>(args: &Args<'a, 'py>) -> PyResult<(Object<'a, 'py>, Option<Object<'a, 'py>>)> {
    // SAFETY: the interpreter passes live objects, which the caller keeps through the call.
    let object = |&value| unsafe { Borrowed::from_ptr(args.py(), value) };
    let positional = args.positional();
    if positional.len() > 2 {
        return Err(PyTypeError::new_err(format!(
            "sendto() takes from 1 to 2 positional arguments but {} were given",
            positional.len()
        )));
    }
    let mut data = positional.first().map(object);
    let mut address = positional.get(1).map(object);
    for (name, value) in args.keywords() {
        let place = match name.extract::<&str>()? {
            "data" => &mut data,
            "addr" => &mut address,
            _ => return Err(Args::unexpected("sendto", &name)),
        };
        if place.replace(value).is_some() {
            return Err(PyTypeError::new_err(format!("sendto() got multiple values for argument '{name}'")));
        }
    }
    Ok((data.ok_or_else(|| Args::missing("sendto", "data"))?, address))
}

#[inline]
fn send_bytes(
    datagrams: &Bound<'_, Datagrams>,
    data: &[u8],
    address: Option<&Bound<'_, PyAny>>,
    chunk: impl FnOnce() -> Chunk,
) -> PyResult<()> {
    let py = datagrams.py();
    let this = datagrams.get();
    if data.is_empty() && !this.with(py, |state| state.sends_empty) {
        return Ok(());
    }
    let to = this.destination(py, address)?;
    match this.fate(py) {
        Fate::Lost => return this.write_to_lost(py, false),
        Fate::Queue => {}
        Fate::Send(socket) => match this.send(py, socket, data, &to) {
            Sent::Yes => return Ok(()),
            Sent::Refused => Datagrams::watch(datagrams, Direction::Write, true)?,
            Sent::Failed(error) => return this.error_received(py, error),
            Sent::Wrong(error) => return this.fatal(py, error, "Fatal write error on datagram transport"),
        },
    }
    let chunk = chunk();
    this.with(py, |state| state.queue.push(chunk, to));
    this.grown(py)
}

impl Datagrams {
    /// Where a datagram goes for which `address` was given.
    ///
    /// Errors: `ValueError` if that is not the endpoint's own remote address, where it has one.
    #[inline]
    fn destination(&self, py: Python<'_>, address: Option<&Bound<'_, PyAny>>) -> PyResult<Destination> {
        let (connected, remote, known, family) = self.with(py, |state| {
            let given = address.map(Bound::as_ptr);
            let known = state.last.as_ref().filter(|known| Some(known.object.as_ptr()) == given);
            let connected = state.connected || (state.paired && address.is_none());
            (connected, state.remote.clone(), known.map(|known| known.raw), state.family)
        });
        if let (Some(remote), Some(address)) = (&remote, address)
            && !address.eq(remote.bind(py))?
        {
            let remote = remote.bind(py).str()?;
            return Err(PyValueError::new_err(format!("Invalid address: must be None or {remote}")));
        }
        if connected {
            return Ok(Destination::Peer);
        }
        let address = match remote.as_ref().map(|remote| remote.bind(py)).or(address) {
            Some(address) => address.clone(),
            None => py.None().into_bound(py),
        };
        let raw = known.or_else(|| address::from_python(family, &address));
        Ok(match raw {
            Some(raw) => Destination::Raw(raw, address.into()),
            None => Destination::Object(address.into()),
        })
    }

    #[inline]
    fn fate(&self, py: Python<'_>) -> Fate {
        self.with(py, |state| match state.endpoint.fd.map(Socket) {
            Some(socket) if state.endpoint.lost == 0 || state.remote.is_none() => {
                if state.queue.is_empty() {
                    Fate::Send(socket)
                } else {
                    Fate::Queue
                }
            }
            _ => Fate::Lost,
        })
    }

    #[inline]
    fn send(&self, py: Python<'_>, socket: Socket, data: &[u8], to: &Destination) -> Sent {
        let sent = match to {
            Destination::Peer => socket::send(socket, data),
            Destination::Raw(raw, object) => {
                if let Err(error) = self.audit(py, object) {
                    return Sent::of(py, error);
                }
                // A hook may have closed it.
                let Some(socket) = self.socket(py) else { return Sent::Yes };
                datagram::send_to(socket, data, raw)
            }
            Destination::Object(object) => return self.send_by_socket(py, data, object),
        };
        match sent {
            Ok(_) => Sent::Yes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Sent::Refused,
            Err(error) => Sent::Failed(os_error(py, &error)),
        }
    }

    /// Tells audit hooks what `socket.sendto` tells them.
    #[inline]
    fn audit(&self, py: Python<'_>, address: &Owned) -> PyResult<()> {
        const EVENT: &CStr = c"socket.sendto";
        let Some(sock) = self.with(py, |state| state.sock.clone()) else { return Ok(()) };
        // SAFETY: the GIL is held; event and format are C strings, and the format asks for two live objects.
        let heard = unsafe { PySys_Audit(EVENT.as_ptr(), c"OO".as_ptr(), sock.as_ptr(), address.as_ptr()) };
        if heard < 0 { Err(PyErr::fetch(py)) } else { Ok(()) }
    }

    /// Has the socket object send: to a host that must be looked up, of a family that is not converted here, or to what
    /// is no address.
    #[cold]
    fn send_by_socket(&self, py: Python<'_>, data: &[u8], address: &Owned) -> Sent {
        let Some(sock) = self.with(py, |state| state.sock.clone()) else { return Sent::Yes };
        let data = PyBytes::new(py, data);
        match call_method(intern!(py, "sendto"), [sock.bind(py), data.as_any(), address.bind(py)]) {
            Ok(_) => Sent::Yes,
            Err(error) => Sent::of(py, error),
        }
    }

    /// The socket can take datagrams again: sends what waits, in the context of the call that had to wait first.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    pub fn write_ready(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let Some(context) = this.with(py, |state| state.endpoint.write_context.clone()) else { return Ok(()) };
        let _entered = Entered::new(py, &context)?;
        loop {
            let next = this.with(py, |state| Some((Socket(state.endpoint.fd?), state.queue.pop()?)));
            let Some((socket, (chunk, to))) = next else { break };
            match this.send(py, socket, chunk.as_ref(), &to) {
                Sent::Yes => {}
                Sent::Refused => {
                    this.with(py, |state| state.queue.put_back(chunk, to));
                    break;
                }
                // The rest follows in a later turn.
                Sent::Failed(error) => return this.report_received(py, error),
                Sent::Wrong(error) => return this.fatal(py, error, "Fatal write error on datagram transport"),
            }
        }
        // May send again.
        this.shrunk(py)?;
        if this.with(py, |state| state.queue.is_empty()) {
            Self::watch(slf, Direction::Write, false)?;
            this.drained(py)?;
        }
        Ok(())
    }
}

impl Sent {
    /// What an exception says of it.
    fn of(py: Python<'_>, error: PyErr) -> Self {
        if would_block(py, &error) {
            Self::Refused
        } else if error.is_instance_of::<PyOSError>(py) {
            Self::Failed(error)
        } else {
            Self::Wrong(error)
        }
    }
}
