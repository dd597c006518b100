//! Taking TCP connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rondel_net::Listener;

use super::address::{Address, lookup};
use super::error::AddressError;
use super::stream::TcpStream;
use crate::shared::Shared;
use crate::source::{Direction, Source};

/// A TCP socket that takes connections, until it is dropped.
///
/// ```
/// use rondel::net::{TcpListener, TcpStream};
///
/// rondel::run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (_server, peer) = listener.accept().await?;
///     assert_eq!(peer, client.local_addr()?);
///     std::io::Result::Ok(())
/// })??;
/// # std::io::Result::Ok(())
/// ```
pub struct TcpListener {
    source: Source, // before what owns the descriptor
    listener: Listener,
}

impl TcpListener {
    /// Listens on `address`: with port 0, on one that the system chooses; with a name, on the first of
    /// its addresses where that is possible.
    ///
    /// Errors: an [`AddressError`] of the kind `AddrInUse`, `AddrNotAvailable`, `PermissionDenied`, ...;
    /// those of [`lookup`].
    ///
    /// # Panics
    /// When polled outside of [`run`](crate::run).
    pub async fn bind(address: impl Address) -> io::Result<Self> {
        let shared = Shared::current("rondel::net::TcpListener::bind");
        let mut failed = None;
        for address in lookup(address).await? {
            match Listener::bind(&address, Listener::BACKLOG) {
                Ok(listener) => {
                    let source = Source::new(shared, listener.as_raw_fd());
                    return Ok(Self { source, listener });
                }
                Err(error) => {
                    failed.get_or_insert(AddressError::wrap("listen on", address, error));
                }
            }
        }
        Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
    }

    /// Waits for the next connection. Any number of tasks may do so; each connection goes to one of
    /// them.
    ///
    /// Errors: out of descriptors or memory. The connection waits then; a server does well to close
    /// others, or to sleep a while, before it tries again.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || self.listener.accept();
        let (stream, peer) = self.source.attempt(Direction::Read, accept).await?;
        Ok((TcpStream::on(self.source.shared(), stream), peer))
    }

    /// Where it listens, with the port that the system chose.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listener.fmt(f)
    }
}
