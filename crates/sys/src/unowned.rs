//! Transfers on sockets that are another's, known by their numbers.
//!
//! Its owner may close a descriptor at any time, and the number may then be another file's: what is done here is
//! harmless to that, as far as the owner's own calls would be.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::socket::{recv_with, send_with};

/// The descriptor of that number, for one call.
///
/// Errors: `EBADF` for a negative number.
///
/// # Safety
/// The number goes to a system call that neither closes the descriptor nor keeps it; the call answers `EBADF` where none
/// is open.
pub(crate) unsafe fn borrow<'fd>(fd: RawFd) -> io::Result<BorrowedFd<'fd>> {
    if fd < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: not -1; otherwise as promised by the caller.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// One `recv(2)` into `buffer` that does not block, also on a blocking socket. Gives the bytes received, none at the end
/// of the stream or for an empty datagram.
///
/// Errors: `WouldBlock` when there is nothing yet; `EBADF`, `ENOTSOCK`; what the peer or the network did (`ECONNRESET`,
/// `ETIMEDOUT`, ...). An interrupted call is made again.
#[inline]
pub fn recv_now(fd: RawFd, buffer: &mut [MaybeUninit<u8>]) -> io::Result<&mut [u8]> {
    // SAFETY: recv(2) neither closes nor keeps the descriptor.
    let fd = unsafe { borrow(fd) }?;
    recv_with(fd, buffer, RecvFlags::DONTWAIT)
}

/// One `send(2)` that does not block, also on a blocking socket, without `SIGPIPE`. Gives how many bytes the kernel took.
///
/// Errors: `WouldBlock` when its buffer is full; `EBADF`, `ENOTSOCK`; `EPIPE`, `ECONNRESET` and the like when the
/// connection is gone. An interrupted call is made again.
#[inline]
pub fn send_now(fd: RawFd, data: &[u8]) -> io::Result<usize> {
    // SAFETY: send(2) neither closes nor keeps the descriptor.
    let fd = unsafe { borrow(fd) }?;
    send_with(fd, data, SendFlags::DONTWAIT)
}
