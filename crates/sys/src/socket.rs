//! Non-blocking reads and writes on a connected socket.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

/// One `recv(2)` into `buffer`. Gives the bytes received, none at the end of the stream.
///
/// Errors: `WouldBlock` when there is nothing yet; what the peer or the network did
/// (`ECONNRESET`, `ETIMEDOUT`, ...). An interrupted call is made again.
#[inline]
pub fn recv(fd: impl AsFd, buffer: &mut [MaybeUninit<u8>]) -> io::Result<&mut [u8]> {
    recv_with(fd, buffer, RecvFlags::empty())
}

/// [`recv`] with flags of recv(2).
#[inline]
pub(crate) fn recv_with(fd: impl AsFd, buffer: &mut [MaybeUninit<u8>], flags: RecvFlags) -> io::Result<&mut [u8]> {
    loop {
        match rustix::net::recv(&fd, &mut *buffer, flags) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(((filled, _), _)) => {
                let len = filled.len();
                // SAFETY: the call above has written the first `len` bytes.
                return Ok(unsafe { buffer[..len].assume_init_mut() });
            }
        }
    }
}

/// One `send(2)`, without `SIGPIPE`. Gives how many bytes the kernel took: at least one, unless
/// `data` is empty.
///
/// Errors: `WouldBlock` when its buffer is full; `EPIPE`, `ECONNRESET` and the like when the
/// connection is gone. An interrupted call is made again.
#[inline]
pub fn send(fd: impl AsFd, data: &[u8]) -> io::Result<usize> {
    send_with(fd, data, SendFlags::empty())
}

/// [`send`] with more flags of send(2).
#[inline]
pub(crate) fn send_with(fd: impl AsFd, data: &[u8], flags: SendFlags) -> io::Result<usize> {
    loop {
        match rustix::net::send(&fd, data, SendFlags::NOSIGNAL | flags) {
            Err(Errno::INTR) => {}
            sent => return Ok(sent?),
        }
    }
}

/// One `sendmsg(2)` of several buffers, without `SIGPIPE`; otherwise as [`send`].
pub fn send_vectored(fd: impl AsFd, data: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        let mut control = rustix::net::SendAncillaryBuffer::default();
        match rustix::net::sendmsg(&fd, data, &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            sent => return Ok(sent?),
        }
    }
}

/// How many buffers one [`send_vectored`] takes at most (`IOV_MAX`; POSIX demands 16, the systems
/// we know have 1024).
pub const IOV_MAX: usize = 1024;
