//! A TCP connection.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use rondel_net::{Connect, Connected, Stream};

use super::address::{Address, lookup};
use super::error::AddressError;
use crate::shared::Shared;
use crate::source::{Direction, Source};

/// A TCP connection. Dropping it closes it.
///
/// All methods take `&self`, so that one task may read while another writes (through an `Rc`, or both
/// in one [`gather`](crate::gather)). `TcpStream` and `&TcpStream` are also `AsyncRead` and
/// `AsyncWrite` of `futures-io`, for readers of lines and the like; through those, one task at a time
/// may wait in each direction.
pub struct TcpStream {
    source: Source, // before what owns the descriptor
    stream: Stream,
}

impl TcpStream {
    /// Connects to `address`. If it is a name with several addresses, one after the other is tried.
    ///
    /// Errors: an [`AddressError`] of the kind `ConnectionRefused`, `TimedOut`, ... (of the first
    /// address, if all fail); those of [`lookup`].
    ///
    /// # Panics
    /// When polled outside of [`run`](crate::run).
    pub async fn connect(address: impl Address) -> io::Result<Self> {
        let shared = Shared::current("rondel::net::TcpStream::connect");
        let mut failed = None;
        for address in lookup(address).await? {
            match connect(&shared, &address).await {
                Ok(stream) => return Ok(Self::on(&shared, stream)),
                Err(error) => {
                    failed.get_or_insert(AddressError::wrap("connect to", address, error));
                }
            }
        }
        Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
    }

    /// Takes a connection that was made elsewhere.
    ///
    /// Errors: it can't be made non-blocking.
    ///
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        let shared = Shared::current("rondel::net::TcpStream::from_std");
        Ok(Self::on(&shared, Stream::from_std(stream)?))
    }

    pub(super) fn on(shared: &Rc<Shared>, stream: Stream) -> Self {
        let source = Source::new(Rc::clone(shared), stream.as_raw_fd());
        Self { source, stream }
    }

    /// Waits until something has arrived, reads as much as fits into `buffer`, and gives the number of
    /// bytes; none at the end of the stream.
    ///
    /// Errors: `ConnectionReset` and the like.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let receive = || self.receive(buffer);
        self.source.attempt(Direction::Read, receive).await
    }

    /// Fills `buffer`.
    ///
    /// Errors: `UnexpectedEof` if the stream ends before (what has come is in `buffer` then);
    /// otherwise as [`read`](Self::read).
    pub async fn read_exact(&self, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// Waits until the kernel takes some of `data`, and gives the number of bytes.
    ///
    /// Errors: `BrokenPipe`, `ConnectionReset` and the like.
    pub async fn write(&self, data: &[u8]) -> io::Result<usize> {
        let send = || self.send(data.len(), |stream| stream.send(data));
        self.source.attempt(Direction::Write, send).await
    }

    /// Writes all of `data`: it returns when the kernel has taken it, not when the peer has it.
    ///
    /// Errors: as [`write`](Self::write). If it fails or is dropped, part of `data` may have been
    /// written.
    pub async fn write_all(&self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let count = self.write(data).await?;
            data = &data[count..];
        }
        Ok(())
    }

    /// Ends one direction or both. After `Shutdown::Write` the peer reads the end of the stream, and can
    /// still answer.
    ///
    /// Errors: `NotConnected` if the connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }

    /// The other end. Errors: `NotConnected` if the connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// This end.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Whether small writes leave at once (`TCP_NODELAY`). At first they do not.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.stream.nodelay()
    }

    /// Sets `TCP_NODELAY`.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.stream.set_nodelay(nodelay)
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.recv(buffer)?;
        if count != 0 && count < buffer.len() {
            self.source.clear(Direction::Read); // that was all
        }
        Ok(count)
    }

    fn send(&self, length: usize, send: impl FnOnce(&Stream) -> io::Result<usize>) -> io::Result<usize> {
        let count = send(&self.stream)?;
        if count < length {
            self.source.clear(Direction::Write); // the kernel's buffer is full
        }
        Ok(count)
    }
}

async fn connect(shared: &Rc<Shared>, address: &SocketAddr) -> io::Result<Stream> {
    let mut connect = Connect::start(address)?;
    loop {
        let source = Source::new(Rc::clone(shared), connect.as_raw_fd());
        source.clear(Direction::Write);
        source.ready(Direction::Write).await?;
        drop(source);
        match connect.finish()? {
            Connected::Yes(stream) => return Ok(stream),
            Connected::NotYet(again) => connect = again,
        }
    }
}

impl AsyncRead for &TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let receive = || self.receive(buffer);
        self.source.poll_attempt(cx, Direction::Read, receive)
    }
}

impl AsyncWrite for &TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let send = || self.send(data.len(), |stream| stream.send(data));
        self.source.poll_attempt(cx, Direction::Write, send)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|slice| slice.len()).sum();
        let send = || self.send(length, |stream| stream.send_vectored(data));
        self.source.poll_attempt(cx, Direction::Write, send)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // nothing is kept back here
    }

    /// Ends the writing half; the descriptor is closed when the stream is dropped.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()), // the peer was faster
            closed => closed,
        })
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, data)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
