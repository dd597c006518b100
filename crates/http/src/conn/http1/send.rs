//! How requests are sent: with hyper, or without.
//!
//! hyper's buffers are large, and a request without a body needs none: it is sent from here. When its answer begins to come,
//! hyper is given a request that nobody hears, and reads the answer as one to that.

use std::cell::Cell;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use http::{HeaderMap, Method, Request};
use hyper::rt::Write as _;
use rondel_engine::Nanos;

use super::{Http1, Link};
use crate::body::RequestBody;
use crate::conn::failure::{Unanswered, Unsent};
use crate::conn::gauge::Gauged;
use crate::conn::outbound::Outbound;
use crate::conn::{head, past};
use crate::io::Io;
use crate::runtime::Runtime;

/// How long a server may take to say `100 Continue`, or to refuse, before the body is sent all the same: one that knows
/// nothing of it would wait for ever (RFC 9110, 10.1.1).
const PATIENCE: Nanos = 1_000_000_000;

/// Bytes of an answer after which hyper's buffers have grown.
const LARGE: u64 = 64 * 1024;

/// What hyper writes after the method of a request that nobody hears.
const UNHEARD: &str = " / HTTP/1.1\r\n\r\n";

thread_local! {
    /// Where heads are written before they are sent.
    static HEAD: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What hyper has to know of a request that it has not sent, to read its answer.
pub(super) struct Asked {
    method: Method,
    /// Empty. hyper puts those of the answer in.
    headers: HeaderMap,
}

impl<R: Runtime> Http1<R> {
    /// Sends, or begins to. One request at a time: [`is_idle`](Self::is_idle) says when. `expect_continue`: the body waits
    /// for `100 Continue`, for a second at most; the field `Expect` is the caller's.
    ///
    /// A server that has closed the connection meanwhile is noticed before.
    pub fn send(&mut self, request: Request<RequestBody>, expect_continue: bool) {
        let plain = !expect_continue && head::is_plain(&request);
        if plain {
            self.loosen();
        }
        self.served += 1;
        self.keeps = plain || !past::closes(request.headers());
        self.tunnel = request.method() == Method::CONNECT;
        self.gauge.begin();
        let mut sent = 0;
        if plain && let Link::Loose(io) = &mut self.link {
            match send_plain(io, &request) {
                Ok((count, false)) => sent = count, // hyper sends the rest
                Ok((_, true)) => {
                    let (parts, _) = request.into_parts();
                    let mut headers = parts.headers;
                    headers.clear();
                    self.asked = Some(Asked { method: parts.method, headers });
                    return;
                }
                Err(error) => {
                    self.link = Link::Closed;
                    self.failed = Some(Box::new(Unanswered::unsent(error, request, &self.gauge)));
                    return;
                }
            }
        }
        let request = if expect_continue {
            let patience = self.runtime.sleep_until(self.runtime.now().saturating_add(PATIENCE));
            Outbound::wrap_held(request, &self.upload, Box::pin(patience))
        } else {
            Outbound::wrap(request, &self.upload)
        };
        self.hand_over(request, sent, false);
    }

    /// Gives hyper a request of which the server has the first `sent` bytes; `alone`: all that hyper will write.
    fn hand_over(&mut self, request: Request<Outbound>, sent: usize, alone: bool) {
        self.link = match mem::replace(&mut self.link, Link::Closed) {
            Link::Loose(io) => match self.spares.take(io.is_write_vectored()) {
                Ok(engine) => {
                    engine.socket.insert(io, sent, alone);
                    Link::Driven(engine)
                }
                Err(_) => Link::Closed,
            },
            other => other,
        };
        match &mut self.link {
            Link::Driven(engine) => self.answer = Some(Box::pin(engine.sender.try_send_request(request))),
            Link::Loose(_) | Link::Past(_) | Link::Closed => {
                self.failed =
                    Some(Box::new(Unanswered::unsent(Unsent::Closed, Outbound::restore(request), &self.gauge)));
            }
        }
    }

    /// Takes the connection away from hyper, which others may need, if nothing is under way. It stays with hyper if hyper
    /// has learnt something of this server, or its buffers have grown.
    pub(super) fn loosen(&mut self) {
        let fit = !self.gauge.is_blocked() && !self.gauge.is_broken() && self.is_idle();
        let Link::Driven(engine) = &mut self.link else { return };
        engine.sharable &= self.gauge.heard() < LARGE;
        if fit
            && engine.sharable
            && let Some(io) = engine.release()
            && let Link::Driven(engine) = mem::replace(&mut self.link, Link::Loose(io))
        {
            self.spares.put(engine);
        }
    }

    /// Waits for the first bytes of the answer, and has hyper ready to read them.
    pub(super) fn poll_asked(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Link::Loose(io) = &mut self.link {
            ready!(io.poll_heard(cx));
        }
        let Some(Asked { method, headers }) = self.asked.take() else { return Poll::Ready(()) };
        // hyper reads an answer to what it has asked for: it asks, and nobody hears.
        let written = method.as_str().len() + UNHEARD.len();
        let mut request = Request::new(RequestBody::Empty);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        self.hand_over(Outbound::wrap(request, &self.upload), written, true);
        if let Link::Driven(engine) = &self.link {
            engine.machine.drive(cx);
        }
        Poll::Ready(())
    }
}

/// Sends `request`, which [is plain](head::is_plain). Gives how many bytes of it the server has, and whether those are all.
fn send_plain<R: Runtime>(io: &mut Gauged<Io<R>>, request: &Request<RequestBody>) -> Result<(usize, bool), Unsent> {
    let mut cx = Context::from_waker(Waker::noop()); // who waits for the answer is woken
    match io.poll_unasked(&mut cx) {
        Poll::Pending => {}
        Poll::Ready(Ok(0)) => return Err(Unsent::Closed),
        Poll::Ready(Ok(_)) => return Err(Unsent::Unasked),
        Poll::Ready(Err(error)) => return Err(Unsent::Failed(error)),
    }
    let mut buffer = HEAD.take();
    buffer.clear();
    head::encode(request, &mut buffer);
    let mut io = Pin::new(io);
    let sent = match io.as_mut().poll_write(&mut cx, &buffer) {
        Poll::Pending => Ok((0, false)),
        Poll::Ready(Ok(count)) if count < buffer.len() => Ok((count, false)),
        Poll::Ready(Ok(count)) => match io.poll_flush(&mut cx) {
            Poll::Pending => Ok((count, false)), // hyper asks again
            Poll::Ready(Ok(())) => Ok((count, true)),
            Poll::Ready(Err(error)) => Err(Unsent::Broken(error)),
        },
        Poll::Ready(Err(error)) => Err(Unsent::Broken(error)),
    };
    HEAD.set(buffer);
    sent
}
