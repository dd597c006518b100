//! Non-blocking TCP sockets: how they are made, connected and accepted.
//!
//! Every descriptor made here is non-blocking and close-on-exec from its first moment on.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

/// An unconnected socket of the family of `address`.
///
/// Errors: out of descriptors, or a family that this system lacks (`EAFNOSUPPORT`).
pub fn stream_socket(address: &SocketAddr) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(rustix::net::socket_with(family, SocketType::STREAM, flags, None)?)
}

/// Gives `fd` the address that it connects from; with port 0, the system chooses one.
///
/// Errors: `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
pub fn bind(fd: impl AsFd, address: &SocketAddr) -> io::Result<()> {
    Ok(rustix::net::bind(fd, address)?)
}

/// Begins a `connect(2)`. It is over when the socket becomes writable; [`take_error`] says how it
/// went.
///
/// Errors: those that the system knows at once (`ENETUNREACH`, `EADDRNOTAVAIL`, on some systems
/// `ECONNREFUSED`).
pub fn connect(fd: impl AsFd, address: &SocketAddr) -> io::Result<()> {
    match rustix::net::connect(fd, address) {
        // Interrupted, it goes on by itself (POSIX, connect).
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What went wrong on the socket since the last call (`SO_ERROR`); `None` if nothing did.
///
/// Errors: the question itself failed.
pub fn take_error(fd: impl AsFd) -> io::Result<Option<io::Error>> {
    Ok(sockopt::socket_error(fd)?.err().map(io::Error::from))
}

/// Binds `fd` to `address`, which connections of an earlier process that linger in `TIME_WAIT` do not
/// prevent, and listens there. The system holds up to `backlog` connections that nobody has accepted
/// (never more than `net.core.somaxconn`).
///
/// Errors: `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
pub fn listen(fd: impl AsFd, address: &SocketAddr, backlog: i32) -> io::Result<()> {
    sockopt::set_socket_reuseaddr(&fd, true)?;
    rustix::net::bind(&fd, address)?;
    Ok(rustix::net::listen(&fd, backlog)?)
}

/// One `accept4(2)`: the connection and its peer. Made again if a signal came in between, or if the
/// connection was gone before it could be taken (`ECONNABORTED`).
///
/// Errors: `WouldBlock` when nobody waits; out of descriptors or memory.
pub fn accept(fd: impl AsFd) -> io::Result<(OwnedFd, SocketAddr)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    loop {
        match rustix::net::acceptfrom_with(&fd, flags) {
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            Err(error) => return Err(error.into()),
            Ok((connection, peer)) => {
                let peer = peer.map(SocketAddr::try_from).transpose()?;
                return Ok((connection, peer.ok_or(Errno::AFNOSUPPORT)?));
            }
        }
    }
}
