//! HTTP/1.1 on one connection, driven by whoever waits for it.
//!
//! hyper has a connection in two halves: one takes requests, the other is a future that does the work. Here both live
//! together, and the caller's own poll drives the work: a response costs one wake-up, and a connection no task.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, Parts, SendRequest};
use hyper::rt::{Read, Write};

use crate::body::RequestBody;

/// What hyper's answer to a request is.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Incoming>, NotSent>>>>;

/// A request that got no answer.
pub type NotSent = hyper::client::conn::TrySendError<Request<RequestBody>>;

/// One connection, and what is under way on it.
pub struct Http1<S: Read + Write> {
    sender: SendRequest<RequestBody>,
    /// None: over, one way or the other.
    connection: Option<Connection<S, RequestBody>>,
    answer: Option<Answer>,
}

impl<S: Read + Write + Unpin + 'static> Http1<S> {
    /// Speaks HTTP/1.1 over `io`.
    pub async fn new(builder: &Builder, io: S) -> hyper::Result<Self> {
        let (sender, connection) = builder.handshake(io).await?;
        Ok(Self { sender, connection: Some(connection), answer: None })
    }

    /// Begins to send. One request at a time: [`is_idle`](Self::is_idle) says when.
    pub fn send(&mut self, request: Request<RequestBody>) {
        self.answer = Some(Box::pin(self.sender.try_send_request(request)));
    }

    /// The head of the answer.
    ///
    /// Errors: what hyper says; with the request, if nothing of it was sent.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Incoming>, NotSent>> {
        self.drive(cx);
        let Some(answer) = &mut self.answer else { return Poll::Pending };
        let head = answer.as_mut().poll(cx);
        if head.is_ready() {
            self.answer = None;
        }
        head
    }

    /// The next frame of the answer's body.
    pub fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming,
    ) -> Poll<Option<hyper::Result<http_body::Frame<bytes::Bytes>>>> {
        let frame = Pin::new(&mut *body).poll_frame(cx);
        if frame.is_ready() {
            return frame;
        }
        // The poll above has told the connection that somebody wants it.
        self.drive(cx);
        Pin::new(body).poll_frame(cx)
    }

    /// Lets the connection do what it can.
    pub fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && connection.poll_without_shutdown(cx).is_ready()
        {
            // The two ends that wait for it hear the error.
            self.connection = None;
        }
    }

    /// Whether it can take a request.
    pub fn is_idle(&self) -> bool {
        self.connection.is_some() && self.answer.is_none() && self.sender.is_ready()
    }

    /// The bytes below, once the answer was `101 Switching Protocols`, and what was read of them already.
    pub fn into_parts(self) -> Option<Parts<S>> {
        self.connection.map(Connection::into_parts)
    }
}
