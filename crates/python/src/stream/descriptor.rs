//! What a stream reads and writes.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, RawFd};

use rondel_sys::{pipe, socket};

/// What a stream does with its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connected socket, both ways.
    Socket,
    /// The end of a pipe that is read (or a terminal, or a socket: anything that `read` takes).
    ReadPipe,
    /// The end that is written. It is watched for reading only to hear that the reader has gone.
    WritePipe,
}

/// A descriptor that a Python object keeps open for as long as the transport is connected.
#[derive(Clone, Copy)]
pub struct Socket(pub RawFd);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: a socket's transport holds the socket object and has raised its count of users, so
        // that its close() leaves the descriptor open; a pipe's transport owns the file object. Each
        // closes after `disconnect`, from which on the descriptor is used no more. A program that
        // closes a pipe's number behind the transport's back gets EBADF, or another file's bytes, as
        // from `os.read`: memory is not at stake, as the number goes to system calls only.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

/// A descriptor, and what is done with it.
#[derive(Clone, Copy)]
pub struct Descriptor {
    pub fd: RawFd,
    pub kind: Kind,
}

impl Descriptor {
    #[inline]
    pub fn receive(self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<&mut [u8]> {
        match self.kind {
            Kind::Socket => socket::recv(Socket(self.fd), buffer),
            Kind::ReadPipe | Kind::WritePipe => pipe::read(Socket(self.fd), buffer),
        }
    }

    #[inline]
    pub fn send(self, data: &[u8]) -> io::Result<usize> {
        match self.kind {
            Kind::Socket => socket::send(Socket(self.fd), data),
            Kind::ReadPipe | Kind::WritePipe => pipe::write(Socket(self.fd), data),
        }
    }

    pub fn send_vectored(self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.kind {
            Kind::Socket => socket::send_vectored(Socket(self.fd), data),
            Kind::ReadPipe | Kind::WritePipe => pipe::write_vectored(Socket(self.fd), data),
        }
    }
}

impl Kind {
    /// As asyncio names a failed read in its messages.
    pub fn read_error(self) -> &'static str {
        match self {
            Self::Socket => "Fatal read error on socket transport",
            Self::ReadPipe | Self::WritePipe => "Fatal read error on pipe transport",
        }
    }

    /// As asyncio names a failed write in its messages.
    pub fn write_error(self) -> &'static str {
        match self {
            Self::Socket => "Fatal write error on socket transport",
            Self::ReadPipe | Self::WritePipe => "Fatal write error on pipe transport",
        }
    }
}
