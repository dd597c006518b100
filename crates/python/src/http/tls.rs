//! TLS by the program's own `ssl.SSLContext`: an `SSLObject` between two `MemoryBIO`, driven from here.
//!
//! What the library says goes through [`Engine`], as for the loop's transports. Each call may run Python code: the
//! callbacks of the context.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use hyper::rt::Write;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use rondel_http::io::{Endpoints, ForeignHandshake, ForeignIo, ForeignTls, Io, Receive};
use rondel_http::{Error, Kind};
use rondel_net::tls::{BATCH, Left};

use super::errors::Raised;
use super::runtime::{Loop, attached};
use super::trust::Contexts;
use crate::raw::Owned;
use crate::stream::Chunk;
use crate::tls::engine::{Called, Ending, Engine};

/// Bytes of ciphertext that are received at once.
const RECEIVE: usize = 64 * 1024;
/// Bytes of ciphertext that wait to be sent, above which no more is encrypted.
const FULL: usize = 64 * 1024;

/// Makes connections that a context of the program's protects.
#[derive(Debug)]
pub struct Foreign(Contexts);

impl Foreign {
    pub fn new(contexts: Contexts) -> Self {
        Self(contexts)
    }

    fn begin(&self, py: Python<'_>, context: u64, host: &str, io: Io<Loop>) -> PyResult<Secure> {
        let Some(context) = self.0.find(py, context) else {
            return Err(pyo3::exceptions::PyRuntimeError::new_err("the SSLContext of this connection is gone"));
        };
        let bio = py.import(intern!(py, "ssl"))?.getattr(intern!(py, "MemoryBIO"))?;
        let (incoming, outgoing) = (bio.call0()?, bio.call0()?);
        let known = PyDict::new(py);
        known.set_item(intern!(py, "server_side"), false)?;
        known.set_item(intern!(py, "server_hostname"), host)?;
        let object = context.call_method(intern!(py, "wrap_bio"), (&incoming, &outgoing), Some(&known))?;
        let direct = py.import(intern!(py, "rondel.tls_options"))?.call_method1(intern!(py, "direct"), (&object,))?;
        let direct = Some(direct).filter(|direct| !direct.is_none());
        let engine = Engine::new(&object, direct.as_ref(), &incoming, &outgoing)?;
        Ok(Secure {
            io,
            engine,
            object: object.into(),
            out: VecDeque::new(),
            waiting: 0,
            more: false,
            ended: false,
            endpoints: Endpoints::default(),
        })
    }
}

impl ForeignTls<Loop> for Foreign {
    fn handshake(&self, context: u64, host: &str, _http2: bool, io: Io<Loop>) -> ForeignHandshake {
        let begun = self.begin(attached(), context, host, io);
        Box::pin(async move {
            let mut secure = Box::new(begun.map_err(|error| Error::from_source(Kind::Tls, Raised(error)))?);
            poll_fn(|cx| secure.poll_handshake(cx)).await?;
            Ok(secure as Box<dyn ForeignIo>)
        })
    }
}

/// One connection.
struct Secure {
    io: Io<Loop>,
    engine: Engine,
    object: Owned,
    /// Ciphertext that waits to be sent.
    out: VecDeque<Bytes>,
    waiting: usize,
    /// The library may have plaintext that did not fit the last time, or records that it has not looked at.
    more: bool,
    /// The peer has said that nothing follows.
    ended: bool,
    endpoints: Endpoints,
}

impl Secure {
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let py = attached();
            let called = self.engine.handshake(py);
            // What it has to say goes out in any case: an alert, where it has failed.
            let gathered = self.gather(py);
            let sent = self.poll_out(cx);
            match called {
                Err(error) => return Poll::Ready(Err(Error::from_source(Kind::Tls, Raised(error)))),
                Ok(Called::Done(())) => {
                    gathered.map_err(|error| Error::from_source(Kind::Tls, Raised(error)))?;
                    ready!(sent).map_err(lost)?;
                    self.describe(py).map_err(|error| Error::from_source(Kind::Tls, Raised(error)))?;
                    self.more = true;
                    return Poll::Ready(Ok(()));
                }
                Ok(Called::Wanting) => {
                    gathered.map_err(|error| Error::from_source(Kind::Tls, Raised(error)))?;
                    if let Poll::Ready(Err(error)) = sent {
                        return Poll::Ready(Err(lost(error)));
                    }
                }
            }
            if ready!(self.poll_feed(cx)).map_err(lost)? == 0 {
                let text = "the server closed the connection during the TLS handshake";
                return Poll::Ready(Err(lost(io::Error::new(io::ErrorKind::ConnectionReset, text))));
            }
        }
    }

    /// Notes what was agreed upon.
    fn describe(&mut self, py: Python<'_>) -> PyResult<()> {
        let object = self.object.bind(py);
        let alpn: Option<String> = object.call_method0(intern!(py, "selected_alpn_protocol"))?.extract()?;
        let version: Option<String> = object.call_method0(intern!(py, "version"))?.extract()?;
        let cipher: Option<(String, String, Option<u32>)> = object.call_method0(intern!(py, "cipher"))?.extract()?;
        let certificate = object.call_method1(intern!(py, "getpeercert"), (true,))?;
        let certificate: Option<Bound<'_, PyBytes>> = certificate.extract()?;
        self.endpoints = Endpoints {
            alpn: alpn.map(String::into_bytes),
            tls: version.as_deref().and_then(|version| match version {
                "TLSv1.3" => Some("TLSv1.3"),
                "TLSv1.2" => Some("TLSv1.2"),
                "TLSv1.1" => Some("TLSv1.1"),
                "TLSv1" => Some("TLSv1"),
                _ => None,
            }),
            cipher: cipher.map(|(name, ..)| name),
            certificate: certificate.map(|der| der.as_bytes().to_vec()),
            ..self.io.endpoints()
        };
        Ok(())
    }

    /// Takes what the library has to send.
    fn gather(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.engine.outgoing(py)? > 0 {
            let data = self.engine.take_outgoing(py)?;
            let data = Bytes::copy_from_slice(data.as_bytes());
            self.waiting += data.len();
            self.out.push_back(data);
        }
        Ok(())
    }

    /// Sends what waits.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(piece) = self.out.front_mut() {
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, piece))?.min(piece.len());
            piece.advance(count);
            self.waiting -= count;
            if piece.is_empty() {
                self.out.pop_front();
            }
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Receives ciphertext. Gives how many bytes; none at the end of the stream.
    fn poll_feed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Kept until the receive is over: to enter the library may run Python code, which may come back here.
        let mut data = Vec::new();
        let count = ready!(self.io.poll_receive(cx, RECEIVE, &mut |piece| data.extend_from_slice(piece)))?;
        if count > 0 {
            self.engine.feed(attached(), &data).map_err(Raised::io)?;
            self.more = true;
        }
        Poll::Ready(Ok(count))
    }

    /// Decrypts what is there. `None`: nothing before more has come.
    fn decrypt(&mut self, py: Python<'_>, memory: &mut [MaybeUninit<u8>]) -> io::Result<Option<usize>> {
        if self.ended {
            return Ok(Some(0));
        }
        if !self.more {
            return Ok(None);
        }
        let (filled, ending) = self.engine.decrypt_into(py, memory);
        match ending {
            Ending::Left(Left::Nothing) | Ending::Partial => self.more = false,
            Ending::Left(Left::Perhaps) | Ending::Full => {}
            Ending::Left(Left::End) => self.ended = true,
            // What was decrypted before comes first; the library says the same again.
            Ending::Failed(_) if filled > 0 => {}
            Ending::Failed(error) => return Err(Raised::io(error)),
        }
        Ok((filled > 0 || self.ended).then_some(filled))
    }
}

/// The connection has failed while TLS was agreed upon.
fn lost(error: io::Error) -> Error {
    Error::from_source(Kind::Connect, error)
}

impl ForeignIo for Secure {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        // SAFETY: bytes may be seen as bytes that need not be initialized, as long as none are made so: what fills them
        // writes plaintext alone.
        let memory = unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) };
        loop {
            let py = attached();
            let decrypted = self.decrypt(py, memory)?;
            // An answer of the library's own (a new key), which nothing waits for.
            self.gather(py).map_err(Raised::io)?;
            if !self.out.is_empty() {
                let _ = self.poll_out(cx)?;
            }
            if let Some(count) = decrypted {
                return Poll::Ready(Ok(count));
            }
            if ready!(self.poll_feed(cx))? == 0 {
                let text = "the connection ended without TLS's goodbye: it may have been cut";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, text)));
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        while self.waiting >= FULL {
            ready!(self.poll_out(cx))?;
        }
        let py = attached();
        let chunk = Chunk::shared(&PyBytes::new(py, &data[..data.len().min(BATCH)]));
        let taken = match self.engine.encrypt(py, &chunk, 0).map_err(Raised::io)? {
            Called::Done(taken) => taken,
            // It wants to read first, as at a new handshake: it has, by what is fed to it.
            Called::Wanting => {
                ready!(self.poll_feed(cx))?;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        self.gather(py).map_err(Raised::io)?;
        // As much as goes at once; the rest goes with the next call.
        let _ = self.poll_out(cx)?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let py = attached();
        // Said once; an answer is not waited for, and one that is no TLS harms nobody any more.
        let _ = self.engine.shut_down(py);
        self.gather(py).map_err(Raised::io)?;
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.endpoints.alpn.as_deref()
    }

    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }
}
