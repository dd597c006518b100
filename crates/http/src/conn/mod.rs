//! Connections that speak HTTP: what the pool keeps, and a request borrows.
//!
//! A request's way: [`Connection::send`], [`Connection::poll_head`] until it gives the head, [`Connection::poll_frame`]
//! until it gives `None`. Then [`Connection::is_idle`] says whether the next request may have the connection, and
//! [`Connection::poll_ready`] waits for that if it may yet come true. Dropping a connection closes it (HTTP/1), or
//! resets the one stream (HTTP/2); nothing else is needed to cancel.

mod answer;
mod failure;
mod gauge;
mod head;
mod http1;
mod http2;
mod machine;
mod outbound;
mod past;
mod plug;
mod settings;
mod spares;
mod tasks;
mod tunnel;
mod upgrade;

use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::Frame;

use crate::body::RequestBody;
use crate::error::{Error, Kind};
use crate::io::{Endpoints, Io};
use crate::pool::Pooled;
use crate::runtime::Runtime;

pub use answer::Body;
pub use failure::Unanswered;
pub use http1::Http1;
pub use http2::Http2;
pub use settings::{Limits, Settings};
pub use spares::Spares;
pub use tunnel::tunnel;
pub use upgrade::Upgraded;

/// A connection that speaks HTTP, for one request at a time.
pub enum Connection<R: Runtime> {
    /// The connection itself.
    Http1(Box<Http1<R>>),
    /// A handle on one that others may share.
    Http2(Http2<R>),
}

impl<R: Runtime> Connection<R> {
    /// Speaks HTTP over `io`: HTTP/2 if the TLS handshake has settled on that (ALPN), or if it has settled on nothing, and
    /// the `settings` say so.
    ///
    /// Errors: the connection fails at once.
    pub async fn open(runtime: &R, io: Io<R>, settings: &Settings, spares: &Spares<R>) -> Result<Self, Error> {
        let http2 = io.alpn().map_or(settings.prior_knowledge, |protocol| protocol == b"h2");
        if http2 {
            Http2::open(runtime, io, settings).await.map(Self::Http2)
        } else {
            Ok(Self::Http1(Box::new(Http1::open(runtime, io, settings, spares))))
        }
    }

    /// HTTP/2: another handle, for a request of its own; its stream counts from now on, until the handle is dropped.
    /// HTTP/1: none.
    pub fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(http2) => Some(Self::Http2(http2.share())),
        }
    }

    /// HTTP/2: has `call` called when the server takes more requests at a time than before. HTTP/1: never.
    pub fn when_roomier(&self, call: Rc<dyn Fn()>) {
        if let Self::Http2(http2) = self {
            http2.when_roomier(call);
        }
    }

    /// [`Version::HTTP_11`] or [`Version::HTTP_2`].
    pub fn version(&self) -> Version {
        match self {
            Self::Http1(_) => Version::HTTP_11,
            Self::Http2(_) => Version::HTTP_2,
        }
    }

    /// Who is at the two ends.
    pub fn endpoints(&self) -> &Rc<Endpoints> {
        match self {
            Self::Http1(http1) => http1.endpoints(),
            Self::Http2(http2) => http2.endpoints(),
        }
    }

    /// Requests that were begun on the connection so far.
    pub fn served(&self) -> u64 {
        match self {
            Self::Http1(http1) => http1.served(),
            Self::Http2(http2) => http2.served(),
        }
    }

    /// Bytes that went over the wire so far, both ways.
    pub fn traffic(&self) -> u64 {
        match self {
            Self::Http1(http1) => http1.traffic(),
            Self::Http2(http2) => http2.traffic(),
        }
    }

    /// Begins to send, on a connection that [`is_idle`](Self::is_idle). The request line is the URI as it is; for HTTP/2
    /// scheme and authority are added, the authority from the field `Host`.
    ///
    /// `expect_continue`: the body waits until the server says `100 Continue`, for a second at most; the field `Expect` is
    /// the caller's. A head that comes first ends the request without its body. Not so on HTTP/2, where the body follows at
    /// once: hyper says nothing of interim answers there.
    pub fn send(&mut self, request: Request<RequestBody>, expect_continue: bool) {
        match self {
            Self::Http1(http1) => http1.send(request, expect_continue),
            Self::Http2(http2) => http2.send(request),
        }
    }

    /// The head of the answer.
    ///
    /// Errors: there is none, or none that can be taken.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, Unanswered>> {
        match self {
            Self::Http1(http1) => http1.poll_head(cx),
            Self::Http2(http2) => http2.poll_head(cx),
        }
    }

    /// The next frame of the answer's body. What nobody takes is not received: the server has to wait.
    ///
    /// Errors: [`Kind::Payload`](crate::Kind::Payload) when the body ends too early, or is no HTTP;
    /// [`Kind::Body`](crate::Kind::Body) when the request's own body failed meanwhile.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>, body: &mut Body) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self {
            Self::Http1(http1) => http1.poll_frame(cx, body),
            Self::Http2(http2) => http2.poll_frame(cx, body),
        }
    }

    /// Receives some of a body that goes [past hyper](Body::past) into `memory`, which is not empty. Gives how many bytes
    /// from its start are initialized then: at least one.
    ///
    /// Errors: as [`poll_frame`](Self::poll_frame).
    pub fn poll_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<Result<usize, Error>> {
        match self {
            Self::Http1(http1) => http1.poll_into(cx, memory),
            Self::Http2(_) => Poll::Ready(Err(Error::new(Kind::Closed))), // there are none
        }
    }

    /// Whether it can take a request now. On HTTP/2: whether the server takes another stream.
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Http1(http1) => http1.is_idle(),
            Self::Http2(http2) => http2.is_idle(),
        }
    }

    /// Whether it will never take a request again.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Http1(http1) => http1.is_closed(),
            Self::Http2(http2) => http2.is_closed(),
        }
    }

    /// The request is given up after the `time` that its user had for it. HTTP/2: if that seems to be the connection's fault
    /// it takes no other one. HTTP/1 takes no other one anyway.
    pub fn doubt(&self, time: Duration) {
        if let Self::Http2(http2) = self {
            http2.doubt(time);
        }
    }

    /// Drives the connection, and ends when it can take a request (true), or never will (false). For one whose answer is
    /// read or dropped.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match self {
            Self::Http1(http1) => http1.poll_ready(cx),
            Self::Http2(http2) => Poll::Ready(http2.is_idle()), // others drive it, and it need not wait for them
        }
    }

    /// Watches a connection that nobody uses: ends when the server has closed it, or sent something that nobody asked for.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Http1(http1) => http1.poll_idle(cx),
            Self::Http2(http2) => http2.poll_idle(cx),
        }
    }

    /// The bytes below, after a head with `101 Switching Protocols`, or a success to `CONNECT`. None for HTTP/2, and
    /// without such a head.
    pub fn into_upgrade(self) -> Option<Upgraded<R>> {
        match self {
            Self::Http1(http1) => http1.into_upgrade(),
            Self::Http2(_) => None,
        }
    }
}

impl<R: Runtime> Pooled for Connection<R> {
    fn share(&self) -> Option<Self> {
        Connection::share(self)
    }

    fn when_roomier(&self, call: Rc<dyn Fn()>) {
        Connection::when_roomier(self, call);
    }

    fn is_idle(&self) -> bool {
        Connection::is_idle(self)
    }

    fn is_closed(&self) -> bool {
        Connection::is_closed(self)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Connection::poll_ready(self, cx).map(drop)
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Connection::poll_idle(self, cx)
    }
}
