//! A TCP connection on its way.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rondel_sys::tcp;

use crate::stream::Stream;

/// A connection that was begun. When its descriptor becomes writable, [`finish`](Self::finish) says
/// how it went. Dropping it gives up.
#[derive(Debug)]
pub struct Connect {
    socket: OwnedFd,
}

/// What [`Connect::finish`] found.
#[derive(Debug)]
pub enum Connected {
    /// It stands.
    Yes(Stream),
    /// It is still on its way: wait for writability again.
    NotYet(Connect),
}

impl Connect {
    /// Begins to connect to `peer`.
    ///
    /// Errors: out of descriptors, or what the system knows at once (no route, say).
    pub fn start(peer: &SocketAddr) -> io::Result<Self> {
        Self::start_from(None, peer)
    }

    /// As [`start`](Self::start), from the address `local`, if one is given. It is to be of the same family; with port 0,
    /// the system chooses one.
    ///
    /// Errors: also what stands against `local`: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied`.
    pub fn start_from(local: Option<&SocketAddr>, peer: &SocketAddr) -> io::Result<Self> {
        Self::start_on(tcp::stream_socket(peer)?, local, peer)
    }

    /// As [`start_from`](Self::start_from), with a socket that somebody else made: a stream socket of the family of `peer`,
    /// unconnected and non-blocking.
    pub fn start_on(socket: OwnedFd, local: Option<&SocketAddr>, peer: &SocketAddr) -> io::Result<Self> {
        if let Some(local) = local {
            tcp::bind(&socket, local)?;
        }
        tcp::connect(&socket, peer)?;
        Ok(Self { socket })
    }

    /// How it went.
    ///
    /// Errors: `ConnectionRefused`, `TimedOut`, `HostUnreachable`, ...: there is no connection.
    pub fn finish(self) -> io::Result<Connected> {
        if let Some(error) = tcp::take_error(&self.socket)? {
            return Err(error);
        }
        let stream = Stream::from_fd(self.socket);
        // Some systems wake before the end; a socket without error and peer is one of those.
        match stream.peer_addr() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                Ok(Connected::NotYet(Self { socket: stream.into_fd() }))
            }
            _ => Ok(Connected::Yes(stream)),
        }
    }
}

impl AsRawFd for Connect {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
