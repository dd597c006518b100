//! From the socket to the protocol: one datagram each time the socket is readable.

use std::io;

use pyo3::exceptions::{PyBlockingIOError, PyInterruptedError, PyOSError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use rondel_sys::datagram;
use rondel_sys::sockaddr::SocketAddress;

use super::address::{self, Family};
use super::{Datagrams, Known};
use crate::endpoint::Watched;
use crate::errors::os_error;
use crate::event_loop::DATAGRAM;
use crate::raw::{Entered, Owned, call_method};
use crate::stream::Socket;

/// A datagram, and where it came from; None if there was none after all.
type Received = Option<(Owned, Owned)>;

impl Datagrams {
    /// The socket is readable: gives one datagram to the protocol, in the context in which reading began. A paused or
    /// closing endpoint reads nothing. What the protocol raises goes to the exception handler.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    #[inline]
    pub fn read_ready(&self, py: Python<'_>) -> PyResult<()> {
        let ready = self.with(py, |state| {
            let endpoint = &state.endpoint;
            let fd = endpoint.fd.filter(|_| endpoint.watching && endpoint.lost == 0)?;
            Some((Socket(fd), state.family, endpoint.protocol()?, endpoint.read_context.clone()?))
        });
        let Some((socket, family, protocol, context)) = ready else { return Ok(()) };
        let _entered = Entered::new(py, &context)?;
        let received = match family {
            Family::Other => self.receive_by_socket(py),
            _ => self.receive(py, socket),
        };
        match received {
            Ok(None) => Ok(()),
            Ok(Some((data, from))) => {
                let arguments = [protocol.bind(py), data.bind(py), from.bind(py)];
                match call_method(intern!(py, "datagram_received"), arguments) {
                    Ok(_) => Ok(()),
                    Err(error) => {
                        self.parties(py).report(py, error, "Exception in callback protocol.datagram_received()")
                    }
                }
            }
            Err(error) if error.is_instance_of::<PyOSError>(py) => self.report_received(py, error),
            Err(error) => self.fatal(py, error, "Fatal read error on datagram transport"),
        }
    }

    /// Receives into the loop's buffer, and makes a bytes object of the right size.
    #[inline]
    fn receive(&self, py: Python<'_>, socket: Socket) -> PyResult<Received> {
        let mut from = SocketAddress::default();
        let received = self.with_core(py, |core| {
            let mut buffer = core.take_datagram_buffer(py);
            let received = match datagram::recv_from(socket, &mut buffer, &mut from) {
                Ok(data) => Ok(Some(PyBytes::new(py, data).into_any().into())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(os_error(py, &error)),
            };
            core.return_datagram_buffer(py, buffer);
            received
        })?;
        let Some(data) = received.flatten() else { return Ok(None) };
        Ok(Some((data, self.address(py, &from)?)))
    }

    /// The address as Python has it: the object of the last time, if it is the same one again.
    #[inline]
    fn address(&self, py: Python<'_>, from: &SocketAddress) -> PyResult<Owned> {
        let known = self.with(py, |state| {
            let known = state.last.as_ref().filter(|known| known.raw == *from)?;
            Some(known.object.clone())
        });
        if let Some(object) = known {
            return Ok(object);
        }
        let object = address::to_python(py, from)?;
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
                Ok(Some((received.get_item(0)?.into(), received.get_item(1)?.into())))
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
