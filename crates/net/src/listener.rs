//! A TCP socket that takes connections.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rondel_sys::tcp;

use crate::stream::Stream;

/// Listens on one address and never blocks. It owns its descriptor.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Connections that the kernel holds for us while the loop is busy. A burst of more than that
    /// between two turns is dropped, and each of its clients tries again only after a second.
    pub const BACKLOG: i32 = 1024;

    /// Listens on `address`; port 0 lets the system choose one.
    ///
    /// Errors: `AddrInUse`, `AddrNotAvailable`, `PermissionDenied`, or out of descriptors.
    pub fn bind(address: &SocketAddr, backlog: i32) -> io::Result<Self> {
        let socket = tcp::stream_socket(address)?;
        tcp::listen(&socket, address, backlog)?;
        Ok(Self(socket.into()))
    }

    /// Takes the next connection, and says who it is.
    ///
    /// Errors: `WouldBlock` when nobody waits; out of descriptors or memory (the connection stays in
    /// the backlog then).
    pub fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (socket, peer) = tcp::accept(&self.0)?;
        Ok((Stream::from_fd(socket), peer))
    }

    /// Where it listens, with the port that the system chose.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
