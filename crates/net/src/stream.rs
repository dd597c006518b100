//! A connected TCP socket.

use std::io::{self, IoSlice, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rondel_sys::socket;

/// One TCP connection that never blocks. It owns its descriptor; when to read and to write, its user
/// knows from a driver.
#[derive(Debug)]
pub struct Stream(TcpStream);

impl Stream {
    /// Takes a connected socket that is non-blocking already.
    pub(crate) fn from_fd(socket: OwnedFd) -> Self {
        Self(socket.into())
    }

    pub(crate) fn into_fd(self) -> OwnedFd {
        self.0.into()
    }

    /// Takes a connection that somebody else made, and makes it non-blocking.
    pub fn from_std(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(stream))
    }

    /// Reads what has arrived, as much as fits. Gives the number of bytes; none at the end of the
    /// stream, or if `buffer` is empty.
    ///
    /// Errors: `WouldBlock` when there is nothing yet; otherwise what the peer or the network did.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.0).read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => return received,
            }
        }
    }

    /// Writes as much as the kernel takes, and gives the number of bytes.
    ///
    /// Errors: `WouldBlock` when it takes nothing; `BrokenPipe` and `ConnectionReset` when the
    /// connection is gone.
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        socket::send(&self.0, data)
    }

    /// As [`send`](Self::send), from several buffers, of which at most [`socket::IOV_MAX`] are taken.
    pub fn send_vectored(&self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        socket::send_vectored(&self.0, &data[..data.len().min(socket::IOV_MAX)])
    }

    /// Ends one direction or both. The peer of a closed writing half reads the end of the stream.
    ///
    /// Errors: `NotConnected` if the peer has gone meanwhile.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    /// This end.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The other end. Errors: `NotConnected` once the connection is lost.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Whether small writes leave at once (`TCP_NODELAY`).
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.nodelay()
    }

    /// Sets `TCP_NODELAY`: off, the kernel may gather small writes (Nagle's algorithm).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_nodelay(nodelay)
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
