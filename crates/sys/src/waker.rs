//! Ends a selector's wait from another thread or from a signal handler.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

/// A non-blocking, close-on-exec pipe. Its read end stands in the selector; whoever writes a byte
/// to its write end ends the wait.
///
/// A pipe rather than an eventfd: Python's `signal.set_wakeup_fd` writes single bytes, and every
/// Unix has it.
#[derive(Debug)]
pub struct Waker {
    read: OwnedFd,
    write: OwnedFd,
}

impl Waker {
    /// Errors: the system is out of descriptors (`EMFILE`, `ENFILE`).
    pub fn new() -> io::Result<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { read, write })
    }

    /// Makes the read end readable. Async-signal-safe; never blocks.
    pub fn wake(&self) {
        loop {
            match rustix::io::write(&self.write, &[0]) {
                Err(Errno::INTR) => {}
                // Full: it is readable already. Nothing else can befall a pipe whose ends we own.
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Empties the pipe, so that the next wait sleeps.
    pub fn drain(&self) {
        let mut bytes = [0_u8; 512];
        loop {
            match rustix::io::read(&self.read, &mut bytes) {
                Ok(n) if n == bytes.len() => {}
                Err(Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// The end to watch for readability.
    pub fn read_fd(&self) -> RawFd {
        self.read.as_raw_fd()
    }

    /// The end to write to, for `signal.set_wakeup_fd`. Stays owned by the waker.
    pub fn write_fd(&self) -> RawFd {
        self.write.as_raw_fd()
    }
}
