//! Taking connections from a listening socket of any family.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use crate::sockaddr::{CAPACITY, SocketAddress};

/// One `accept4(2)`: the connection, non-blocking and close-on-exec from its first moment on, and in `peer` who it is.
///
/// Errors: `WouldBlock` when nobody waits; `Interrupted`; `ConnectionAborted` when the connection was gone before it
/// could be taken; out of descriptors (`EMFILE`, `ENFILE`) or memory (`ENOBUFS`, `ENOMEM`).
pub fn accept(fd: impl AsFd, peer: &mut SocketAddress) -> io::Result<OwnedFd> {
    let fd = fd.as_fd().as_raw_fd();
    #[allow(clippy::cast_possible_truncation)] // 128
    let mut len = CAPACITY as libc::socklen_t;
    // SAFETY: the descriptor is open; the address may be written for as many bytes as are said, and is aligned as one.
    let accepted =
        unsafe { libc::accept4(fd, peer.as_mut_ptr().cast(), &raw mut len, libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) };
    if accepted < 0 {
        return Err(io::Error::last_os_error());
    }
    peer.set_len(len as usize);
    // SAFETY: the call has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(accepted) })
}
