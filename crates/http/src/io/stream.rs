//! The bytes of a connection, in whatever they are wrapped.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::io::receive::{copy_into, receive_with};
use crate::io::{ForeignIo, Receive, Socket, Tls};
use crate::runtime::Runtime;

/// A connected stream of bytes.
pub enum Io<R: Runtime> {
    /// As they are.
    Plain(Socket<R>),
    /// Encrypted by rustls.
    Tls(Box<Tls<Io<R>>>),
    /// Encrypted by the embedder.
    Foreign(Box<dyn ForeignIo>),
}

/// Who is at the two ends of a connection, and how it is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// The server, or its proxy; none on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// This end; none on a Unix socket.
    pub local: Option<SocketAddr>,
    /// What is spoken inside of TLS, if both ends agreed on it (ALPN): `h2` or `http/1.1`.
    pub alpn: Option<Vec<u8>>,
    /// The TLS version in OpenSSL's words: `TLSv1.2` or `TLSv1.3`.
    pub tls: Option<&'static str>,
    /// The cipher suite's name (IANA): `TLS_AES_128_GCM_SHA256`.
    pub cipher: Option<String>,
    /// The server's certificate (DER).
    pub certificate: Option<Vec<u8>>,
}

impl<R: Runtime> Io<R> {
    /// The protocol that both ends agreed on in their TLS handshake (ALPN).
    pub fn alpn(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => tls.alpn(),
            Self::Foreign(foreign) => foreign.alpn(),
        }
    }

    /// Who is at the two ends.
    pub fn endpoints(&self) -> Endpoints {
        match self {
            Self::Plain(socket) => {
                Endpoints { peer: socket.peer_addr(), local: socket.local_addr(), ..Endpoints::default() }
            }
            Self::Tls(tls) => tls.endpoints(&tls.io().endpoints()),
            Self::Foreign(foreign) => foreign.endpoints(),
        }
    }

    /// Whether it is encrypted.
    pub fn is_tls(&self) -> bool {
        !matches!(self, Self::Plain(_))
    }
}

impl<R: Runtime> Receive for Io<R> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => socket.poll_receive(cx, most, take),
            Self::Tls(tls) => tls.poll_receive(cx, most, take),
            Self::Foreign(foreign) => receive_with(most, take, |buffer| foreign.poll_read(cx, buffer)),
        }
    }

    fn poll_receive_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => socket.poll_receive_into(cx, memory),
            Self::Tls(tls) => tls.poll_receive_into(cx, memory),
            Self::Foreign(_) => copy_into(self, cx, memory),
        }
    }
}

impl<R: Runtime> Read for Io<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut cursor: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let most = cursor.remaining();
        if most != 0 {
            ready!(self.get_mut().poll_receive(cx, most, &mut |data| cursor.put_slice(data)))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: Runtime> Write for Io<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, data),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_write(cx, data),
            Self::Foreign(foreign) => foreign.poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_flush(cx),
            Self::Foreign(foreign) => foreign.poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_shutdown(cx),
            Self::Foreign(foreign) => foreign.poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        !matches!(self, Self::Foreign(_))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, data),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_write_vectored(cx, data),
            Self::Foreign(foreign) => {
                let first = data.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| &**slice);
                foreign.poll_write(cx, first)
            }
        }
    }
}
