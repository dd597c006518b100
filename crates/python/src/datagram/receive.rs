//! From the socket to the protocol: one datagram a turn.

use std::io;

use pyo3::exceptions::{PyBlockingIOError, PyInterruptedError, PyOSError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rondel_sys::datagram;
use rondel_sys::sockaddr::SocketAddress;

use super::address::{self, Family};
use super::{Datagrams, Known};
use crate::endpoint::Watched;
use crate::errors::os_error;
use crate::event_loop::{Core, DATAGRAM};
use crate::raw::{Entered, Lent, Owned, call_method};
use crate::stream::Socket;

/// A datagram, and where it came from; None if there was none after all.
type Received = Option<(Lent, Owned)>;

impl Datagrams {
    /// The socket is readable: gives one datagram to the protocol, in the context in which reading began. A paused or
    /// closing endpoint reads nothing. What the protocol raises goes to the exception handler. `core` is that of the
    /// endpoint's loop.
    ///
    /// True: the protocol has taken a datagram, and raised nothing.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    #[inline]
    pub fn read_ready(&self, py: Python<'_>, core: &Core) -> PyResult<bool> {
        self.read(py, core, true)
    }

    /// The same in a turn in which nobody has told of a datagram: that there is one is only likely. `first`: in the last
    /// turn somebody had.
    ///
    /// Errors: as [`read_ready`](Self::read_ready).
    #[inline]
    pub fn read_ahead(&self, py: Python<'_>, core: &Core, first: bool) -> PyResult<bool> {
        if first && !self.with(py, |state| state.family != Family::Other && state.lookahead.is_worth_it()) {
            return Ok(false);
        }
        let received = self.read(py, core, false)?;
        if first {
            self.with(py, |state| state.lookahead.looked(received));
        }
        Ok(received)
    }

    #[inline]
    fn read(&self, py: Python<'_>, core: &Core, told: bool) -> PyResult<bool> {
        let ready = self.with(py, |state| {
            let endpoint = &state.endpoint;
            let fd = endpoint.fd.filter(|_| endpoint.watching && endpoint.lost == 0)?;
            Some((Socket(fd), state.family, endpoint.protocol()?, endpoint.read_context.clone()?))
        });
        let Some((socket, family, protocol, context)) = ready else { return Ok(false) };
        let _entered = Entered::new(py, &context)?;
        let received = match family {
            Family::Other => self.receive_by_socket(py),
            _ => self.receive(py, core, socket, told),
        };
        match received {
            Ok(None) => return Ok(false),
            Ok(Some((data, from))) => {
                let arguments = [protocol.bind(py), data.object().bind(py), from.bind(py)];
                match call_method(intern!(py, "datagram_received"), arguments) {
                    Ok(_) => {
                        core.take_back(py, data);
                        return Ok(true);
                    }
                    Err(error) => {
                        self.parties(py).report(py, error, "Exception in callback protocol.datagram_received()")
                    }
                }
            }
            Err(error) if error.is_instance_of::<PyOSError>(py) => self.report_received(py, error),
            Err(error) => self.fatal(py, error, "Fatal read error on datagram transport"),
        }
        .map(|()| false)
    }

    /// Receives into the loop's buffer, and makes a bytes object of the right size.
    #[inline]
    fn receive(&self, py: Python<'_>, core: &Core, socket: Socket, told: bool) -> PyResult<Received> {
        let (mut from, mut failed) = (SocketAddress::default(), None);
        let data = core.receive_datagram(py, |buffer| {
            datagram::recv_from(socket, buffer, &mut from).map_err(|error| failed = Some(error)).ok()
        });
        match (data, failed) {
            (Some(data), _) => Ok(Some((data, self.address(py, &from)?))),
            // A socket that the program has closed behind the transport's back is not heard of: so it is in a selector.
            (None, Some(error))
                if error.kind() != io::ErrorKind::WouldBlock && (told || !datagram::is_no_socket(&error)) =>
            {
                Err(os_error(py, &error))
            }
            (None, _) => Ok(None),
        }
    }

    /// The address as Python has it: the object of the last time, if it is the same one again.
    #[inline]
    fn address(&self, py: Python<'_>, from: &SocketAddress) -> PyResult<Owned> {
        let (known, neighbour) = self.with(py, |state| match &state.last {
            Some(last) if last.raw == *from => (Some(last.object.clone()), None),
            Some(last) if last.raw.has_host_of(from) => (None, Some(last.object.clone())),
            _ => (None, None),
        });
        if let Some(object) = known {
            return Ok(object);
        }
        let object = address::to_python(py, from, neighbour.as_ref())?;
        let known = Known { raw: *from, object: object.clone() };
        let old = self.with(py, |state| state.last.replace(known));
        drop(old);
        Ok(object)
    }

    /// The same for families that are not converted here.
    #[cold]
    fn receive_by_socket(&self, py: Python<'_>) -> PyResult<Received> {
        let Some(sock) = self.with(py, |state| state.sock.clone()) else { return Ok(None) };
        let size = DATAGRAM.into_pyobject(py)?;
        match call_method(intern!(py, "recvfrom"), [sock.bind(py), size.as_any()]) {
            Ok(received) => {
                let received = received.bind(py).cast::<PyTuple>()?;
                let data = Owned::from(received.get_item(0)?);
                Ok(Some((data.into(), received.get_item(1)?.into())))
            }
            Err(error) if would_block(py, &error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the protocol of an error that a datagram caused, from the loop: what it raises goes to the exception
    /// handler.
    #[cold]
    pub(super) fn report_received(&self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        match self.error_received(py, error) {
            Ok(()) => Ok(()),
            Err(error) => self.parties(py).report(py, error, "Exception in callback protocol.error_received()"),
        }
    }

    /// Tells the protocol of an error that a datagram caused.
    #[cold]
    pub(super) fn error_received(&self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        let Some(protocol) = self.parties(py).protocol else { return Ok(()) };
        let error = error.into_value(py).into_bound(py).into_any();
        call_method(intern!(py, "error_received"), [protocol.bind(py), &error]).map(drop)
    }
}

/// Whether it is one of the errors after which the same call may succeed later.
pub(super) fn would_block(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyBlockingIOError>(py) || error.is_instance_of::<PyInterruptedError>(py)
}
