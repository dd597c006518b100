//! TLS that the embedder speaks, with contexts of its own.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Error;
use crate::io::{Endpoints, Io};
use crate::runtime::Runtime;

/// A connection that the embedder encrypts.
pub trait ForeignIo: 'static {
    /// Reads what there is into `buffer`, which is not empty. Gives the number of bytes, none at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Takes as much of `data` as it can keep. Gives the number of bytes: at least one, unless `data` is empty.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Ends when all that was written is with the system.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the writing half.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The protocol that both ends agreed on (ALPN, RFC 7301): `h2`, `http/1.1` or none.
    fn alpn(&self) -> Option<&[u8]>;

    /// Who is at the two ends.
    fn endpoints(&self) -> Endpoints;
}

/// A handshake of the embedder's, under way.
pub type ForeignHandshake = Pin<Box<dyn Future<Output = Result<Box<dyn ForeignIo>, Error>>>>;

/// Who makes [`ForeignIo`]s.
pub trait ForeignTls<R: Runtime>: 'static {
    /// Begins TLS over `io`, for the server `host` (no brackets, no trailing dot), with the context that `context` stands
    /// for. `http2`: HTTP/2 may be offered, if the context lets.
    ///
    /// Errors: [`Kind::Certificate`](crate::Kind::Certificate), [`Kind::Tls`](crate::Kind::Tls),
    /// [`Kind::Connect`](crate::Kind::Connect).
    fn handshake(&self, context: u64, host: &str, http2: bool, io: Io<R>) -> ForeignHandshake;
}
