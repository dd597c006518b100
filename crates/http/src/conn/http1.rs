//! HTTP/1.1 on one connection, driven by whoever waits for it.
//!
//! hyper has a connection in two halves: one takes requests, the other is a future that does the work. Here both live
//! together, and the caller's own poll drives the work: a response costs one wake-up, and a connection no task. The one
//! exception is a request whose body is still on its way when the head of its answer is there: a background task sends
//! the rest, so that it goes on while nobody reads.

use std::future::Future;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Builder, SendRequest};
use rondel_engine::Nanos;

use super::failure::{self, NotSent, Unanswered};
use super::gauge::{Gauge, Gauged};
use super::machine::Machine;
use super::outbound::{Outbound, Upload};
use super::past::{self, Past};
use super::settings::{Settings, check_framing};
use super::{Body, Upgraded};
use crate::body::RequestBody;
use crate::error::{Error, Kind};
use crate::io::{Endpoints, Io};
use crate::runtime::Runtime;

/// What hyper's answer to a request is.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Incoming>, NotSent>>>>;

/// hyper's half that does the work.
type Speaking<R> = http1::Connection<Gauged<Io<R>>, Outbound>;

/// How long a server may take to say `100 Continue`, or to refuse, before the body is sent all the same: one that knows
/// nothing of it would wait for ever (RFC 9110, 10.1.1).
const PATIENCE: Nanos = 1_000_000_000;

/// hyper keeps the places of so many fields on the stack; for more it asks the allocator, for each head.
const INLINE_FIELDS: usize = 100;

/// hyper takes no smaller limit for its buffers, in bytes.
const SMALLEST_BUFFER: usize = 8192;

/// One connection, and what is under way on it.
pub struct Http1<R: Runtime> {
    runtime: R,
    settings: Settings,
    endpoints: Rc<Endpoints>,
    gauge: Rc<Gauge>,
    upload: Rc<Upload>,
    sender: SendRequest<Outbound>,
    machine: Machine<R>,
    answer: Option<Answer>,
    /// The rest of an answer's body comes this way.
    past: Option<Box<Past<Io<R>>>>,
    /// The request under way leaves the connection to others.
    keeps: bool,
    /// How many had been begun when hyper began, the last time: it need not be waited for before its first one.
    before: u64,
    /// The request under way wants a tunnel (`CONNECT`).
    tunnel: bool,
    /// What follows the head is no HTTP any more.
    upgraded: bool,
    served: u64,
}

impl<R: Runtime> Http1<R> {
    /// Speaks HTTP/1.1 over `io`.
    ///
    /// Errors: none that come from the server.
    pub async fn open(runtime: &R, io: Io<R>, settings: &Settings) -> Result<Self, Error> {
        let endpoints = Rc::new(io.endpoints());
        let gauge = Rc::new(Gauge::new(settings.limits.head()));
        let io = Gauged::new(io, Rc::clone(&gauge), true);
        let (sender, connection) =
            speak(io, settings).await.map_err(|error| Error::from_source(Kind::Disconnected, error))?;
        Ok(Self {
            runtime: runtime.clone(),
            settings: *settings,
            endpoints,
            gauge,
            upload: Rc::default(),
            sender,
            machine: Machine::new(connection),
            answer: None,
            past: None,
            keeps: true,
            before: 0,
            tunnel: false,
            upgraded: false,
            served: 0,
        })
    }

    /// Who is at the two ends.
    pub fn endpoints(&self) -> &Rc<Endpoints> {
        &self.endpoints
    }

    /// Requests that were begun on it.
    pub fn served(&self) -> u64 {
        self.served
    }

    /// Bytes over the wire so far, both ways.
    pub fn traffic(&self) -> u64 {
        self.gauge.traffic()
    }

    /// Begins to send. One request at a time: [`is_idle`](Self::is_idle) says when. `expect_continue`: the body waits for
    /// `100 Continue`, for a second at most; the field `Expect` is the caller's.
    pub fn send(&mut self, request: Request<RequestBody>, expect_continue: bool) {
        self.served += 1;
        self.keeps = !past::closes(request.headers());
        self.tunnel = request.method() == Method::CONNECT;
        self.gauge.begin();
        let request = if expect_continue {
            let patience = self.runtime.sleep_until(self.runtime.now().saturating_add(PATIENCE));
            Outbound::wrap_held(request, &self.upload, Box::pin(patience))
        } else {
            Outbound::wrap(request, &self.upload)
        };
        self.answer = Some(Box::pin(self.sender.try_send_request(request)));
    }

    /// The head of the answer. The first poll sends the request; hyper reads before it writes, so a server that has closed
    /// the connection meanwhile is noticed before.
    ///
    /// Errors: there is none, or none that can be taken.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, Unanswered>> {
        self.machine.drive(cx);
        let Some(answer) = &mut self.answer else { return Poll::Pending };
        let mut answered = answer.as_mut().poll(cx);
        if answered.is_pending() && self.machine.is_over() {
            // It ended before it took the request, which comes back now.
            self.machine.close();
            answered = answer.as_mut().poll(cx);
        }
        let answered = ready!(answered);
        self.answer = None;
        Poll::Ready(match answered {
            Ok(answer) => {
                let mut answer = answer.map(Body::http1);
                self.take_up(&mut answer).map(|()| answer).map_err(|error| {
                    self.machine.close();
                    Unanswered::refused(error)
                })
            }
            Err(failed) => {
                self.machine.close();
                Err(Unanswered::http1(failed, &self.gauge, self.machine.take_failure().as_ref()))
            }
        })
    }

    /// Sees to it that the rest of the exchange can go on after the head of `answer`.
    fn take_up(&mut self, answer: &mut Response<Body>) -> Result<(), Error> {
        self.gauge.progress();
        self.upload.answered();
        let status = answer.status();
        self.upgraded = status == StatusCode::SWITCHING_PROTOCOLS || (self.tunnel && status.is_success());
        self.settings.limits.check(answer)?;
        if self.upgraded {
            return Ok(());
        }
        check_framing(answer)?;
        self.machine.settle();
        if self.is_sending() {
            self.send_on();
        } else {
            self.go_past(answer);
        }
        Ok(())
    }

    /// Takes the connection out of hyper's hands if what is to come of the body of `answer` is long, and nothing but its
    /// length is to be minded.
    fn go_past(&mut self, answer: &mut Response<Body>) {
        let Some(keeps) = past::keeps(answer) else { return };
        let body = answer.body_mut();
        if body.length().is_none_or(|length| length < past::LEAST) || self.has_written_less() {
            return;
        }
        if body.look().is_none_or(|rest| rest < past::LEAST) {
            return;
        }
        let Some(connection) = self.machine.take() else { return };
        let parts = connection.into_parts();
        let (rest, clean) = body.go_past(parts.read_buf);
        self.past = Some(Box::new(Past::new(parts.io, rest, keeps && self.keeps && clean)));
    }

    /// Whether some of the request was not sent, or may not have been.
    fn has_written_less(&self) -> bool {
        self.upload.is_unfinished() || self.gauge.is_blocked() || self.gauge.is_broken()
    }

    /// The next frame of the answer's body.
    ///
    /// Errors: the body ends too early, or is no HTTP.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>, body: &mut Body) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.past.is_some() && body.past().is_some() {
            return self.poll_past(cx, Past::poll_piece).map_ok(Frame::data).map(Some);
        }
        let mut frame = body.poll_inner(cx);
        if frame.is_pending() {
            // The poll above has told the connection that somebody wants it.
            self.machine.drive(cx);
            frame = body.poll_inner(cx);
        }
        let frame = ready!(frame);
        match &frame {
            Some(Ok(_)) => self.gauge.progress(),
            None if self.upgraded => {} // what is below is still wanted
            Some(Err(_)) | None => self.machine.settle(),
        }
        Poll::Ready(
            frame.map(|frame| frame.map_err(|error| failure::of_body(&error, &mut self.machine.take_failure()))),
        )
    }

    /// Receives some of a body that [`goes past`](Body::past) hyper into `memory`, which is not empty. Gives how many bytes
    /// from its start are initialized then: at least one.
    ///
    /// Errors: the body ends too early.
    pub fn poll_into(&mut self, cx: &mut Context<'_>, memory: &mut [MaybeUninit<u8>]) -> Poll<Result<usize, Error>> {
        self.poll_past(cx, |past, cx| past.poll_into(cx, memory))
    }

    fn poll_past<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Past<Io<R>>, &mut Context<'_>) -> Poll<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        let Some(past) = &mut self.past else { return Poll::Ready(Err(Error::new(Kind::Closed))) };
        let received = ready!(poll(past, cx));
        self.gauge.progress();
        if received.is_err() {
            self.past = None;
        } else if past.is_done() {
            self.come_back();
        }
        Poll::Ready(received)
    }

    /// Gives the connection to hyper again, behind the last byte of a body, if it can take another request.
    fn come_back(&mut self) {
        let Some(past) = self.past.take().filter(|past| past.keeps) else { return };
        let speaking = pin!(speak(past.into_io(), &self.settings));
        // hyper has nothing to wait for there. If it had, the connection would be closed.
        if let Poll::Ready(Ok((sender, connection))) = speaking.poll(&mut Context::from_waker(Waker::noop())) {
            self.sender = sender;
            self.machine = Machine::new(connection);
            self.before = self.served;
        }
    }

    /// Whether it can take a request.
    pub fn is_idle(&self) -> bool {
        let is_ready = self.past.is_none() && (self.served == self.before || self.sender.is_ready());
        is_ready && self.answer.is_none() && !self.is_closed() && !self.upload.is_unfinished()
    }

    /// Whether it will never take a request again.
    pub fn is_closed(&self) -> bool {
        let over = self.past.is_none() && (self.sender.is_closed() || self.machine.is_over());
        over || self.upgraded || self.upload.is_given_up()
    }

    /// Drives the connection, and ends when it can take a request (true), or never will (false). The answer, its body and
    /// the rest of the request's body must be read, or dropped, first; otherwise this waits for whoever does.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.past.take_if(|past| past.is_given_up());
        self.machine.drive(cx);
        if !self.upgraded && self.answer.is_none() {
            self.machine.settle();
        }
        if self.is_idle() {
            return Poll::Ready(true);
        }
        if self.is_closed() { Poll::Ready(false) } else { Poll::Pending }
    }

    /// Watches an idle connection: ends when the server has closed it, or sent something that nobody asked for.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.poll_ready(cx) {
            Poll::Ready(true) => Poll::Pending,
            Poll::Ready(false) | Poll::Pending => Poll::Ready(()),
        }
    }

    /// The bytes below, once the answer was `101 Switching Protocols`, or a success to `CONNECT`.
    pub fn into_upgrade(self) -> Option<Upgraded<R>> {
        if !self.upgraded {
            return None;
        }
        let parts = self.machine.take()?.into_parts();
        Some(Upgraded::new(parts.io.into_inner(), parts.read_buf, Rc::clone(&self.endpoints)))
    }

    /// Whether some of the request is still here, and can be sent.
    fn is_sending(&self) -> bool {
        is_sending(&self.upload, &self.gauge) && !self.machine.is_over()
    }

    /// Sends the rest of the request in the background.
    fn send_on(&self) {
        let (upload, gauge) = (Rc::clone(&self.upload), Rc::clone(&self.gauge));
        self.runtime.spawn(self.machine.task(move || is_sending(&upload, &gauge)));
    }
}

/// Has hyper speak HTTP/1.1 over `io`.
fn speak<R: Runtime>(
    io: Gauged<Io<R>>,
    settings: &Settings,
) -> impl Future<Output = hyper::Result<(SendRequest<Outbound>, Speaking<R>)>> + use<R> {
    let mut builder = Builder::new();
    // RFC 9112, 5.2: a user agent takes them, as one line.
    builder.allow_obsolete_multiline_headers_in_responses(true);
    // As everybody writes them, and some servers want them.
    builder.title_case_headers(true);
    builder.max_buf_size(settings.limits.head().max(SMALLEST_BUFFER));
    if settings.limits.fields > INLINE_FIELDS {
        builder.max_headers(settings.limits.fields);
    }
    builder.handshake(io)
}

fn is_sending(upload: &Upload, gauge: &Gauge) -> bool {
    !upload.is_given_up() && (upload.is_unfinished() || gauge.is_blocked())
}

impl<R: Runtime> Drop for Http1<R> {
    fn drop(&mut self) {
        // The connection goes with this; the background task must hear of it.
        self.machine.close();
    }
}
