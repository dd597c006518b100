//! TLS, by rustls, over whatever carries bytes.

mod config;
mod handshake;
mod verify;

use std::io::{self, BufRead as _, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use hyper::rt::Write;
use rustls::{ClientConnection, Writer};

use crate::io::{Endpoints, Receive};

pub use config::TlsConfigs;
pub use handshake::handshake;

/// Bytes that are received at least, however few are wanted: two records and their framing. HTTP/2 asks for less than one
/// at a time.
const LEAST: usize = 32 * 1024 + 256;

/// Bytes of plain text from which on a session gets no more: it would refuse them.
const KEPT: usize = 16 * 1024;

/// Our end of a TLS connection. What is written is encrypted at once and sent with the next flush, so that the head and
/// the body of a request leave together. Dropped, it says goodbye, if that can be done without waiting.
pub struct Tls<S: Receive + Write + Unpin> {
    session: ClientConnection,
    io: S,
    /// Received, but not given to the session, as it holds plain text that nobody has taken yet: more than [`KEPT`].
    unfed: Vec<u8>,
    /// The peer has said that nothing more follows (`close_notify`).
    closed: bool,
    /// We have said so.
    ending: bool,
    /// What comes after the bytes that were shown last.
    failure: Option<io::Error>,
}

impl<S: Receive + Write + Unpin> Tls<S> {
    fn new(session: ClientConnection, io: S) -> Self {
        Self { session, io, unfed: Vec::new(), closed: false, ending: false, failure: None }
    }

    /// What is below.
    pub fn io(&self) -> &S {
        &self.io
    }

    /// The protocol that both ends agreed on (ALPN).
    pub fn alpn(&self) -> Option<&[u8]> {
        self.session.alpn_protocol()
    }

    /// The ends of the connection `below`, with what TLS knows of them.
    pub fn endpoints(&self, below: &Endpoints) -> Endpoints {
        let version = self.session.protocol_version().map(|version| match version {
            rustls::ProtocolVersion::TLSv1_3 => "TLSv1.3",
            _ => "TLSv1.2", // rustls speaks no other
        });
        let suite = self.session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Endpoints {
            alpn: self.alpn().map(<[u8]>::to_vec),
            tls: version,
            cipher: suite.map(|name| name.replacen("TLS13_", "TLS_", 1)),
            certificate: self.session.peer_certificates().and_then(<[_]>::first).map(|leaf| leaf.to_vec()),
            ..below.clone()
        }
    }

    /// Receives at most `most` bytes of the wire, and shows `take` what they say: no more than `room` bytes of it; the rest
    /// stays in the session. Gives how many were received, and how many shown.
    fn poll_feed(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        room: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<(usize, usize)>> {
        let Self { session, io, unfed, closed, .. } = self;
        let mut shown = 0;
        let mut fed = Ok(());
        let waiting = std::mem::take(unfed);
        let mut give = |wire: &[u8]| {
            if fed.is_ok() && unfed.is_empty() {
                match feed(session, closed, wire, room, &mut shown, take) {
                    Ok(rest) => unfed.extend_from_slice(rest),
                    Err(error) => fed = Err(error),
                }
            } else {
                unfed.extend_from_slice(wire);
            }
        };
        let received = if waiting.is_empty() {
            ready!(io.poll_receive(cx, most, &mut give))?
        } else {
            give(&waiting);
            waiting.len()
        };
        // What rustls has to say to that: an alert, an answer to an update of the keys. It need not go now.
        let _ = self.poll_send(cx);
        match fed {
            Err(error) if shown == 0 => return Poll::Ready(Err(error)),
            Err(error) => self.failure = Some(error),
            Ok(()) => {}
        }
        Poll::Ready(Ok((received, shown)))
    }

    /// Hands what is encrypted to what is below.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Outward { io: &mut self.io, cx: &mut *cx }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Encrypts what `write` gives to the session, as soon as there is room for `length` bytes or some of them.
    fn poll_encrypt(
        &mut self,
        cx: &mut Context<'_>,
        length: usize,
        mut write: impl FnMut(&mut Writer<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let taken = write(&mut self.session.writer())?;
            if taken != 0 || length == 0 {
                return Poll::Ready(Ok(taken));
            }
            if !self.session.wants_write() {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into())); // it has room, and takes nothing
            }
            ready!(self.poll_send(cx))?;
        }
    }
}

/// Decrypts `wire`, and shows `take` what it says, until it was `shown` as much as there is `room` for. Gives what is left
/// of `wire` then. What follows the peer's goodbye is ignored (RFC 8446, 6.1).
///
/// Errors: the peer breaks TLS.
fn feed<'a>(
    session: &mut ClientConnection,
    closed: &mut bool,
    mut wire: &'a [u8],
    room: usize,
    shown: &mut usize,
    take: &mut dyn FnMut(&[u8]),
) -> io::Result<&'a [u8]> {
    while !wire.is_empty() && !*closed {
        if session.read_tls(&mut wire)? == 0 {
            return Err(io::ErrorKind::InvalidData.into()); // it takes no more, and has not said why
        }
        let processed = session.process_new_packets();
        let drained = drain(session, room - *shown, take);
        *shown += drained;
        let state = processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        *closed = state.peer_has_closed();
        if state.plaintext_bytes_to_read() - drained > KEPT {
            return Ok(if *closed { &[] } else { wire });
        }
    }
    Ok(&[])
}

/// Shows `take` at most `most` bytes of the plain text that the session has, and forgets them. Gives their number.
fn drain(session: &mut ClientConnection, most: usize, take: &mut dyn FnMut(&[u8])) -> usize {
    let mut drained = 0;
    while drained < most {
        let mut reader = session.reader();
        let Ok(plain) = reader.fill_buf() else { break };
        let length = plain.len().min(most - drained);
        if length == 0 {
            break;
        }
        take(&plain[..length]);
        reader.consume(length);
        drained += length;
    }
    drained
}

impl<S: Receive + Write + Unpin> Receive for Tls<S> {
    /// Errors: `UnexpectedEof` when the stream ended without the peer's goodbye: somebody may have cut it.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let kept = drain(&mut self.session, most, take);
        if kept != 0 || most == 0 {
            return Poll::Ready(Ok(kept));
        }
        if let Some(error) = self.failure.take() {
            return Poll::Ready(Err(error));
        }
        while !self.closed {
            let (received, shown) = ready!(self.poll_feed(cx, most.max(LEAST), most, take))?;
            if shown != 0 {
                return Poll::Ready(Ok(shown));
            }
            if received == 0 {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the peer closed the connection without TLS's close_notify",
                )));
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl<S: Receive + Write + Unpin> Write for Tls<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_encrypt(cx, data.len(), |session| session.write(data))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ending {
            this.ending = true;
            this.session.send_close_notify();
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = data.iter().map(|slice| slice.len()).sum();
        self.get_mut().poll_encrypt(cx, length, |session| session.write_vectored(data))
    }
}

impl<S: Receive + Write + Unpin> Drop for Tls<S> {
    fn drop(&mut self) {
        // RFC 8446, 6.1. What is half sent can't be ended so.
        if !self.ending && !self.session.is_handshaking() && !self.session.wants_write() {
            self.session.send_close_notify();
            let _ = self.poll_send(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// What is below, as rustls writes to it.
struct Outward<'a, 'c, S> {
    io: &'a mut S,
    cx: &'a mut Context<'c>,
}

impl<S: Write + Unpin> io::Write for Outward<'_, '_, S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        at_once(Pin::new(&mut *self.io).poll_write(self.cx, data))
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        at_once(Pin::new(&mut *self.io).poll_write_vectored(self.cx, data))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is not ready would block.
fn at_once<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(done) => done,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
