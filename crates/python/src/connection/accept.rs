//! A server's connections: taken from the queue of its socket, and announced.

use std::io;
use std::os::fd::RawFd;

use pyo3::intern;
use pyo3::prelude::*;
use rondel_sys::accept::accept;
use rondel_sys::connect as sys;
use rondel_sys::sockaddr::SocketAddress;

use super::name::Name;
use super::{Connection, Kind, audit, check_descriptor};
use crate::errors::os_error;
use crate::raw::call_method;

/// Takes the connections that wait at a listening socket, `limit` at most, and has `callback` called with each in the
/// next turn, as a `Connection`. `kind`: family and protocol of the socket.
///
/// Raises `OSError` as `socket.accept` does, but for those of which the next connection says nothing; `ValueError` for no
/// descriptor.
#[pyfunction]
pub fn accept_connections<'py>(
    event_loop: &Bound<'py, PyAny>,
    listener: RawFd,
    kind: (i32, i32),
    limit: u32,
    callback: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = event_loop.py();
    let listener = check_descriptor(listener)?;
    let kind = Kind { family: kind.0, protocol: kind.1 };
    for _ in 0..limit {
        let mut peer = SocketAddress::default();
        let fd = match accept(listener, &mut peer) {
            Ok(fd) => fd,
            Err(error) if is_over(&error) => break,
            Err(error) => return Err(os_error(py, &error)),
        };
        let connection = Connection::new(kind, fd);
        connection.name(py, Some(&peer));
        let connection = Bound::new(py, connection)?;
        if audit::is_heard(py) {
            Connection::socket(&connection)?;
        }
        call_method(intern!(py, "call_soon"), [event_loop, callback, connection.as_any()])?;
    }
    Ok(())
}

/// Nobody waits any more, or he who did has gone: the selector says when there is another one.
fn is_over(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted)
}

impl Connection {
    /// Notes both addresses; the peer's as given, or as the system has it.
    pub(super) fn name(&self, py: Python<'_>, peer: Option<&SocketAddress>) {
        let Some(fd) = self.own(py) else { return };
        // As asyncio: None for one that the system does not know (any more).
        let local = sys::local_address(fd).ok().as_ref().map(Name::from);
        let peer = match peer {
            Some(peer) => Some(Name::from(peer)),
            None => sys::peer_address(fd).ok().as_ref().map(Name::from),
        };
        self.with(py, |state| (state.local, state.peer) = (local, peer));
    }
}
