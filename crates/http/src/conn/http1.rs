//! HTTP/1.1 on one connection, driven by whoever waits for it.
//!
//! hyper has a connection in two halves: one takes requests, the other is a future that does the work. Here both live
//! together, and the caller's own poll drives the work: a response costs one wake-up, and a connection no task. The one
//! exception is a request whose body is still on its way when the head of its answer is there: a background task sends
//! the rest, so that it goes on while nobody reads.

mod long;
mod send;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode, Version};
use http_body::Frame;
use hyper::body::Incoming;

use super::failure::{self, NotSent, Unanswered};
use super::gauge::{Gauge, Gauged};
use super::head;
use super::outbound::Upload;
use super::past::Past;
use super::settings::{Settings, check_framing};
use super::spares::{Engine, Spares};
use super::{Body, Upgraded};
use crate::error::Error;
use crate::io::{Endpoints, Io};
use crate::runtime::Runtime;

use send::Asked;

/// What hyper's answer to a request is.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Incoming>, NotSent>>>>;

/// Bytes of a piece for which it is a waste to keep the buffer that it came in, which has 8 kB at least.
const SMALL: usize = 4096;

/// One connection, and what is under way on it.
pub struct Http1<R: Runtime> {
    runtime: R,
    settings: Settings,
    endpoints: Rc<Endpoints>,
    gauge: Rc<Gauge>,
    upload: Rc<Upload>,
    spares: Spares<R>,
    link: Link<R>,
    /// A request that was sent without hyper, and has no answer yet.
    asked: Option<Asked>,
    /// Why the request can't be sent.
    failed: Option<Box<Unanswered>>,
    answer: Option<Answer>,
    /// The request under way leaves the connection to others.
    keeps: bool,
    /// The request under way wants a tunnel (`CONNECT`).
    tunnel: bool,
    /// What follows the head is no HTTP any more.
    upgraded: bool,
    served: u64,
}

/// Where the connection's bytes go.
enum Link<R: Runtime> {
    /// To nobody: nothing comes, or nothing has come yet.
    Loose(Gauged<Io<R>>),
    /// Through hyper.
    Driven(Engine<R>),
    /// To who reads the rest of an answer's body.
    Past(Box<Past<Io<R>>>),
    Closed,
}

impl<R: Runtime> Http1<R> {
    /// Speaks HTTP/1.1 over `io`. `spares` are those of others with the same `settings`.
    pub fn open(runtime: &R, io: Io<R>, settings: &Settings, spares: &Spares<R>) -> Self {
        let endpoints = Rc::new(io.endpoints());
        let gauge = Rc::new(Gauge::new(settings.limits.head()));
        Self {
            runtime: runtime.clone(),
            settings: *settings,
            endpoints,
            link: Link::Loose(Gauged::new(io, Rc::clone(&gauge), true)),
            gauge,
            upload: Rc::default(),
            spares: spares.clone(),
            asked: None,
            failed: None,
            answer: None,
            keeps: true,
            tunnel: false,
            upgraded: false,
            served: 0,
        }
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

    /// The head of the answer. The first poll sends what [`send`](Self::send) could not send alone.
    ///
    /// Errors: there is none, or none that can be taken.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, Unanswered>> {
        if let Some(failed) = self.failed.take() {
            return Poll::Ready(Err(*failed));
        }
        if self.asked.is_some() {
            ready!(self.poll_asked(cx));
        }
        let (Link::Driven(engine), Some(answer)) = (&self.link, &mut self.answer) else { return Poll::Pending };
        engine.machine.drive(cx);
        let mut answered = answer.as_mut().poll(cx);
        if answered.is_pending() && engine.machine.is_over() {
            // It ended before it took the request, which comes back now.
            engine.close();
            answered = answer.as_mut().poll(cx);
        }
        let answered = ready!(answered);
        self.answer = None;
        Poll::Ready(match answered {
            Ok(answer) => {
                let mut answer = answer.map(Body::http1);
                self.take_up(&mut answer).map(|()| answer).map_err(|error| {
                    self.close();
                    Unanswered::refused(error)
                })
            }
            Err(failed) => {
                engine.close();
                Err(Unanswered::http1(failed, &self.gauge, engine.machine.take_failure().as_ref()))
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
        if let Link::Driven(engine) = &mut self.link {
            engine.sharable &= answer.version() == Version::HTTP_11;
        }
        self.settle();
        if self.is_sending() {
            self.send_on();
        } else {
            self.go_past(answer);
        }
        if !answer.body().is_end_stream() && !self.is_idle() {
            head::detach(answer.headers_mut()); // it may be long until the body ends
        }
        Ok(())
    }

    /// The next frame of the answer's body.
    ///
    /// Errors: the body ends too early, or is no HTTP.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>, body: &mut Body) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if matches!(self.link, Link::Past(_)) && body.past().is_some() {
            return self.poll_past(cx, Past::poll_piece).map_ok(Frame::data).map(Some);
        }
        let mut frame = body.poll_inner(cx);
        if frame.is_pending()
            && let Link::Driven(engine) = &self.link
        {
            // The poll above has told the connection that somebody wants it.
            engine.machine.drive(cx);
            frame = body.poll_inner(cx);
        }
        let frame = ready!(frame);
        match &frame {
            Some(Ok(_)) => self.gauge.progress(),
            None if self.upgraded => {} // what is below is still wanted
            Some(Err(_)) | None => self.settle(),
        }
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => {
                Ok(frame.map_data(|data| if data.len() < SMALL { Bytes::copy_from_slice(&data) } else { data }))
            }
            Err(error) => Err(failure::of_body(&error, &mut self.take_failure())),
        }))
    }

    /// Whether it can take a request.
    pub fn is_idle(&self) -> bool {
        let is_ready = match &self.link {
            Link::Loose(_) => self.asked.is_none(),
            Link::Driven(engine) => engine.sender.is_ready(),
            Link::Past(_) | Link::Closed => false,
        };
        is_ready && self.answer.is_none() && !self.is_closed() && !self.upload.is_unfinished()
    }

    /// Whether it will never take a request again.
    pub fn is_closed(&self) -> bool {
        let is_closed = match &self.link {
            Link::Loose(_) | Link::Past(_) => false,
            Link::Driven(engine) => engine.is_closed(),
            Link::Closed => true,
        };
        is_closed || self.upgraded || self.upload.is_given_up()
    }

    /// Drives the connection, and ends when it can take a request (true), or never will (false). The answer, its body and
    /// the rest of the request's body must be read, or dropped, first; otherwise this waits for whoever does.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match &self.link {
            Link::Driven(engine) => engine.machine.drive(cx),
            Link::Past(past) if past.is_given_up() => self.link = Link::Closed,
            Link::Loose(_) | Link::Past(_) | Link::Closed => {}
        }
        if !self.upgraded && self.answer.is_none() {
            self.settle();
        }
        if self.is_idle() {
            return Poll::Ready(true);
        }
        if self.is_closed() { Poll::Ready(false) } else { Poll::Pending }
    }

    /// Watches an idle connection: ends when the server has closed it, or sent something that nobody asked for.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.loosen();
        if let Link::Loose(io) = &mut self.link {
            let _ = ready!(io.poll_unasked(cx));
            self.link = Link::Closed;
            return Poll::Ready(());
        }
        match self.poll_ready(cx) {
            Poll::Ready(true) => Poll::Pending,
            Poll::Ready(false) | Poll::Pending => Poll::Ready(()),
        }
    }

    /// The bytes below, once the answer was `101 Switching Protocols`, or a success to `CONNECT`.
    pub fn into_upgrade(self) -> Option<Upgraded<R>> {
        let Link::Driven(engine) = &self.link else { return None };
        if !self.upgraded {
            return None;
        }
        let parts = engine.machine.take()?.into_parts();
        let io = engine.socket.take()?.into_inner();
        Some(Upgraded::new(io, parts.read_buf, Rc::clone(&self.endpoints)))
    }

    fn close(&mut self) {
        if let Link::Driven(engine) = &self.link {
            engine.close();
        }
    }

    /// Closes the descriptor of a connection that is over.
    fn settle(&self) {
        if let Link::Driven(engine) = &self.link {
            engine.settle();
        }
    }

    /// Why the connection is over, if that was a failure. Said once.
    fn take_failure(&self) -> Option<hyper::Error> {
        if let Link::Driven(engine) = &self.link { engine.machine.take_failure() } else { None }
    }

    /// Whether some of the request is still here, and can be sent.
    fn is_sending(&self) -> bool {
        is_sending(&self.upload, &self.gauge) && !self.is_closed()
    }

    /// Sends the rest of the request in the background.
    fn send_on(&self) {
        let Link::Driven(engine) = &self.link else { return };
        let (upload, gauge) = (Rc::clone(&self.upload), Rc::clone(&self.gauge));
        self.runtime.spawn(engine.machine.task(move || is_sending(&upload, &gauge)));
    }
}

fn is_sending(upload: &Upload, gauge: &Gauge) -> bool {
    !upload.is_given_up() && (upload.is_unfinished() || gauge.is_blocked())
}

impl<R: Runtime> Drop for Http1<R> {
    fn drop(&mut self) {
        // The connection goes with this; the background task must hear of it.
        self.close();
    }
}
