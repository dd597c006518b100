//! Stream sockets of any family: made, connected, named, and ended in one direction.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{Shutdown, sockopt};

use crate::sockaddr::{CAPACITY, SocketAddress};

/// The protocol number of TCP.
pub const TCP: i32 = libc::IPPROTO_TCP;
/// The type of a stream socket, as `socket(2)` takes it.
pub const STREAM: i32 = libc::SOCK_STREAM;
/// The same with the flag of one that does not block.
pub const NON_BLOCKING_STREAM: i32 = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
/// `shutdown(2)` of the writing half.
pub const SHUT_WR: i32 = libc::SHUT_WR;

/// An unconnected stream socket, non-blocking and close-on-exec from its first moment on. Family and protocol are the
/// system's numbers; 0 lets it choose the protocol.
///
/// Errors: out of descriptors (`EMFILE`, `ENFILE`), or a family that this system lacks (`EAFNOSUPPORT`).
pub fn stream_socket(family: i32, protocol: i32) -> io::Result<OwnedFd> {
    let kind = NON_BLOCKING_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: three numbers go to the system, which checks them.
    let made = unsafe { libc::socket(family, kind, protocol) };
    if made < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

/// Begins a `connect(2)`. True if the connection stands already; otherwise it does, or has failed, when the socket
/// becomes writable.
///
/// Errors: those that the system knows at once (`ENETUNREACH`, `ECONNREFUSED`; `EAGAIN` for a Unix server whose queue is
/// full).
pub fn connect(fd: impl AsFd, address: &SocketAddress) -> io::Result<bool> {
    let bytes = address.as_bytes();
    #[allow(clippy::cast_possible_truncation)] // an address has 128 bytes at most
    let len = bytes.len() as libc::socklen_t;
    // SAFETY: the descriptor is open; the address may be read for as many bytes as are said, and is aligned as one.
    let done = unsafe { libc::connect(fd.as_fd().as_raw_fd(), bytes.as_ptr().cast(), len) };
    if done == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Interrupted, it goes on by itself (POSIX, connect).
        Some(libc::EINPROGRESS | libc::EINTR) => Ok(false),
        _ => Err(error),
    }
}

/// The socket's own address (`getsockname(2)`).
///
/// Errors: `ENOBUFS`, or no socket.
pub fn local_address(fd: impl AsFd) -> io::Result<SocketAddress> {
    address_by(libc::getsockname, fd)
}

/// The address of the other end (`getpeername(2)`).
///
/// Errors: `ENOTCONN` when there is none, or none any more; `ENOBUFS`.
pub fn peer_address(fd: impl AsFd) -> io::Result<SocketAddress> {
    address_by(libc::getpeername, fd)
}

type Ask = unsafe extern "C" fn(libc::c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> libc::c_int;

fn address_by(ask: Ask, fd: impl AsFd) -> io::Result<SocketAddress> {
    let mut address = SocketAddress::default();
    #[allow(clippy::cast_possible_truncation)] // 128
    let mut len = CAPACITY as libc::socklen_t;
    // SAFETY: the descriptor is open; the address may be written for as many bytes as are said, and is aligned as one.
    if unsafe { ask(fd.as_fd().as_raw_fd(), address.as_mut_ptr().cast(), &raw mut len) } < 0 {
        return Err(io::Error::last_os_error());
    }
    address.set_len(len as usize);
    Ok(address)
}

/// Has small packets sent at once (`TCP_NODELAY`).
///
/// Errors: no TCP socket.
pub fn set_no_delay(fd: impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_tcp_nodelay(fd, true)?)
}

/// Tells the peer that nothing more follows (`shutdown(2)` of the writing half).
///
/// Errors: `ENOTCONN` when the connection is gone.
pub fn shut_down_writing(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::shutdown(fd, Shutdown::Write)?)
}

/// What went wrong on the socket since the last call (`SO_ERROR`), as the system's number; 0 if nothing did.
///
/// Errors: the question itself failed.
pub fn take_error(fd: impl AsFd) -> io::Result<i32> {
    Ok(sockopt::socket_error(fd)?.err().map_or(0, Errno::raw_os_error))
}
