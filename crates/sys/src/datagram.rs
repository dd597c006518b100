//! Datagrams of a non-blocking socket, each with its address.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

use crate::sockaddr::{CAPACITY, SocketAddress};

/// One `recvfrom(2)` that does not block, also on a blocking socket: a datagram, of which `buffer` holds as much as fits,
/// and in `from` who sent it. A datagram may be empty.
///
/// Errors: `WouldBlock` when there is nothing yet; what became of an earlier datagram of ours (`ECONNREFUSED`, ...). An
/// interrupted call is made again.
#[inline]
pub fn recv_from<'a>(
    fd: impl AsFd,
    buffer: &'a mut [MaybeUninit<u8>],
    from: &mut SocketAddress,
) -> io::Result<&'a [u8]> {
    let fd = fd.as_fd().as_raw_fd();
    loop {
        let mut len = size_for_the_system(CAPACITY);
        // SAFETY: the descriptor is open; the buffer and the address may be written for as many bytes as are said, and
        // the address is aligned as one.
        let received = unsafe {
            libc::recvfrom(
                fd,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                libc::MSG_DONTWAIT,
                from.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        if let Ok(received) = usize::try_from(received) {
            from.set_len(len as usize);
            let filled = &buffer[..received.min(buffer.len())];
            // SAFETY: the call has written that many bytes.
            return Ok(unsafe { filled.assume_init_ref() });
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Whether an error says that the descriptor is no socket (any more): whoever owns it has closed it.
pub fn is_no_socket(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTSOCK))
}

/// One `sendto(2)`, without `SIGPIPE`: the datagram `data`, which the system takes as a whole, to `to`.
///
/// Errors: `WouldBlock` when its buffer is full; `EMSGSIZE` for a datagram that is too large; `ENETUNREACH`, `EACCES`
/// and the like. An interrupted call is made again.
#[inline]
pub fn send_to(fd: impl AsFd, data: &[u8], to: &SocketAddress) -> io::Result<usize> {
    let fd = fd.as_fd().as_raw_fd();
    let address = to.as_bytes();
    loop {
        // SAFETY: the descriptor is open; data and address may be read for as many bytes as are said, of which an
        // address has 128 at most.
        let sent = unsafe {
            libc::sendto(
                fd,
                data.as_ptr().cast(),
                data.len(),
                libc::MSG_NOSIGNAL,
                address.as_ptr().cast(),
                size_for_the_system(address.len()),
            )
        };
        if let Ok(sent) = usize::try_from(sent) {
            return Ok(sent);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// The size of an address in the system's type.
#[allow(clippy::cast_possible_truncation)] // an address has 128 bytes at most
fn size_for_the_system(len: usize) -> libc::socklen_t {
    len as libc::socklen_t
}
