//! Non-blocking reads and writes on a pipe, a terminal, or a socket that is used as one.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::io::Errno;

/// One `read(2)` into `buffer`. Gives the bytes read, none at the end of the file.
///
/// Errors: `WouldBlock` when there is nothing yet; `EIO` when a terminal has hung up. An
/// interrupted call is made again.
#[inline]
pub fn read(fd: impl AsFd, buffer: &mut [MaybeUninit<u8>]) -> io::Result<&mut [u8]> {
    loop {
        match rustix::io::read(&fd, &mut *buffer) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok((filled, _)) => {
                let len = filled.len();
                // SAFETY: the call above has written the first `len` bytes.
                return Ok(unsafe { buffer[..len].assume_init_mut() });
            }
        }
    }
}

/// One `write(2)`. Gives how many bytes the kernel took.
///
/// Errors: `WouldBlock` when the pipe is full; `EPIPE` when nobody can read it any more, if the
/// process ignores `SIGPIPE` (as Python does): otherwise that signal ends it. An interrupted call is
/// made again.
#[inline]
pub fn write(fd: impl AsFd, data: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(&fd, data) {
            Err(Errno::INTR) => {}
            written => return Ok(written?),
        }
    }
}

/// One `writev(2)` of several buffers; otherwise as [`write`].
pub fn write_vectored(fd: impl AsFd, data: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match rustix::io::writev(&fd, data) {
            Err(Errno::INTR) => {}
            written => return Ok(written?),
        }
    }
}
