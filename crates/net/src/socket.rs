//! A connected stream socket of any family.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rondel_sys::connect;
use rondel_sys::sockaddr::{Address, SocketAddress, UNIX};
use rondel_sys::socket;

use crate::stream::Stream;

/// One connection, over TCP or a Unix socket, that never blocks. It owns its descriptor; when to read and to write, its
/// user knows from a driver.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Takes a socket that is connected, and non-blocking already.
    pub fn from_fd(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// Connects to the Unix socket at `path`; one that begins with NUL is a name in Linux's abstract space. This never
    /// waits: such a connection stands at once, or not at all.
    ///
    /// Errors: `InvalidInput` for a path that no socket can have; `NotFound`, `ConnectionRefused` and the like when
    /// nobody listens there; `WouldBlock` when more wait to be accepted than the server lets.
    pub fn connect_unix(path: &Path) -> io::Result<Self> {
        let name = path.as_os_str().as_bytes();
        let address = if name.first() == Some(&0) { Address::Abstract(name) } else { Address::Path(name) };
        let address = SocketAddress::new(&address).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("no path of a Unix socket: {}", path.display()))
        })?;
        let socket = connect::stream_socket(UNIX, 0)?;
        connect::connect(&socket, &address)?;
        Ok(Self(socket))
    }

    /// Reads what has arrived, as much as fits. Gives the bytes; none at the end of the stream, or if `buffer` is empty.
    ///
    /// Errors: `WouldBlock` when there is nothing yet; otherwise what the peer or the network did.
    pub fn recv<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b mut [u8]> {
        socket::recv(&self.0, buffer)
    }

    /// Writes as much as the kernel takes, and gives the number of bytes.
    ///
    /// Errors: `WouldBlock` when it takes nothing; `BrokenPipe` and `ConnectionReset` when the connection is gone.
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        socket::send(&self.0, data)
    }

    /// As [`send`](Self::send), from several buffers, of which at most [`socket::IOV_MAX`] are taken.
    pub fn send_vectored(&self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        if let [only] = data {
            return self.send(only); // for the kernel the shorter way
        }
        socket::send_vectored(&self.0, &data[..data.len().min(socket::IOV_MAX)])
    }

    /// Tells the peer that nothing more follows.
    ///
    /// Errors: `NotConnected` if the peer has gone meanwhile.
    pub fn shut_down_writing(&self) -> io::Result<()> {
        connect::shut_down_writing(&self.0)
    }

    /// This end, if it has an address of the internet.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        internet(&connect::local_address(&self.0).ok()?)
    }

    /// The other end, if it has an address of the internet and is still there.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        internet(&connect::peer_address(&self.0).ok()?)
    }
}

fn internet(address: &SocketAddress) -> Option<SocketAddr> {
    match address.address()? {
        Address::V4(address) => Some(address.into()),
        Address::V6(address) => Some(address.into()),
        Address::Unnamed | Address::Path(_) | Address::Abstract(_) => None,
    }
}

impl From<Stream> for Socket {
    fn from(stream: Stream) -> Self {
        Self(stream.into_fd())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
