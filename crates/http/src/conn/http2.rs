//! HTTP/2: one connection, a handle for each request.
//!
//! hyper's futures run in one background task a connection ([`Tasks`]). Nobody sends pings: hyper's timers would have to be
//! `Send`, which those of a loop are not. Instead a connection on which no answer has got on while a request waited in vain
//! is not used again.

mod absolute;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use http_body::Frame;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use rondel_engine::Nanos;

use self::absolute::absolute;
use super::Body;
use super::failure::{self, NotSent, Unanswered};
use super::gauge::{Gauge, Gauged};
use super::outbound::{Outbound, Upload};
use super::settings::{Limits, Settings};
use super::tasks::{Spawner, Tasks};
use crate::body::RequestBody;
use crate::error::Error;
use crate::io::{Endpoints, Io};
use crate::runtime::Runtime;

/// Bytes of one answer that a server may send before somebody reads them.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;

/// Bytes of all answers together that it may send so.
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// Bytes of a frame that it may send at once.
const FRAME: u32 = 64 * 1024;

/// A request that was given up after so long, while no answer got on, shows that none will.
const SILENCE: Nanos = 5_000_000_000;

/// Bytes that may come without any answer getting on: all that may wait to be read, and as much again. h2 bounds the rest
/// of what it takes, but for PING and SETTINGS.
const FRUITLESS: usize = 2 * CONNECTION_WINDOW as usize;

/// How long the farewell of a connection that nobody wants any more may take.
const FAREWELL: Nanos = 2_000_000_000;

/// What hyper's answer to a request is.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Incoming>, NotSent>>>>;

/// A handle on a connection: for one request at a time.
pub struct Http2<R: Runtime> {
    shared: Rc<Shared<R>>,
    sender: SendRequest<Outbound>,
    /// The stream that this handle has, or may have.
    stream: Option<Stream<R>>,
    upload: Rc<Upload>,
    answer: Option<Answer>,
}

/// What the handles of a connection have in common.
struct Shared<R: Runtime> {
    runtime: R,
    limits: Limits,
    scheme: Scheme,
    endpoints: Rc<Endpoints>,
    gauge: Rc<Gauge>,
    /// Turns requests into streams. None: it takes no more.
    dispatcher: RefCell<Option<Dispatcher<R>>>,
    /// No more requests: it was silent for too long.
    suspect: Cell<bool>,
    /// When the first request was begun since an answer has got on.
    asked: Cell<Nanos>,
    /// When an answer has got on last.
    heard: Cell<Nanos>,
    /// Streams in use, or promised to a handle.
    streams: Cell<usize>,
    /// How many the server took at once when that was looked at last.
    room: Cell<usize>,
    /// What to call when it takes more.
    roomier: RefCell<Option<Rc<dyn Fn()>>>,
    /// Requests begun so far.
    served: Cell<u64>,
    /// One was begun while others were under way, and the task has not run since.
    fresh: Cell<bool>,
    /// The background task.
    task: RefCell<Option<Waker>>,
    /// Who waits for the end.
    watcher: RefCell<Option<Waker>>,
}

/// hyper's half of a connection that turns requests into streams.
type Dispatcher<R> = hyper::client::conn::http2::Connection<Gauged<Io<R>>, Outbound, Spawner>;

/// One of the connection's streams.
struct Stream<R: Runtime>(Rc<Shared<R>>);

impl<R: Runtime> Stream<R> {
    fn new(shared: &Rc<Shared<R>>) -> Self {
        shared.streams.set(shared.streams.get() + 1);
        Self(Rc::clone(shared))
    }
}

impl<R: Runtime> Drop for Stream<R> {
    fn drop(&mut self) {
        self.0.streams.set(self.0.streams.get() - 1);
        if self.0.is_over()
            && let Some(task) = &*self.0.task.borrow()
        {
            task.wake_by_ref(); // it may end with its last stream
        }
    }
}

impl<R: Runtime> Shared<R> {
    fn is_over(&self) -> bool {
        self.dispatcher.try_borrow().is_ok_and(|dispatcher| dispatcher.is_none())
    }

    /// A request begins.
    fn ask(&self) {
        self.served.set(self.served.get() + 1);
        self.fresh.set(self.fresh.get() || self.streams.get() > 1);
        if self.asked.get() <= self.heard.get() {
            self.asked.set(self.runtime.now());
        }
    }

    /// An answer gets on.
    fn hear(&self) {
        self.gauge.progress();
        self.heard.set(self.runtime.now());
    }

    /// A request is given up. If no answer has got on for `long`, there will be no other one.
    fn doubt(&self, long: Nanos) {
        let silence = self.runtime.now().saturating_sub(self.asked.get().max(self.heard.get()));
        if silence >= long {
            self.suspect.set(true);
            if let Some(watcher) = self.watcher.take() {
                watcher.wake();
            }
        }
    }

    /// How many streams the server takes at once.
    fn capacity(&self) -> usize {
        let Ok(dispatcher) = self.dispatcher.try_borrow() else { return usize::MAX };
        dispatcher.as_ref().map_or(0, Dispatcher::<R>::current_max_send_streams)
    }

    /// Tells of it if the server takes more streams than before. Nothing may be borrowed.
    fn look_for_room(&self) {
        let room = self.capacity();
        if room > self.room.replace(room) {
            let call = self.roomier.borrow().clone();
            if let Some(call) = call {
                call();
            }
        }
    }

    /// Lets the dispatcher do what it can.
    fn dispatch(&self, cx: &mut Context<'_>) {
        let mut dispatcher = self.dispatcher.borrow_mut();
        let Some(running) = &mut *dispatcher else { return };
        if Pin::new(running).poll(cx).is_ready() {
            let done = dispatcher.take();
            drop(dispatcher);
            drop(done); // requests that it did not begin go back, and may ask here
            if let Some(watcher) = self.watcher.take() {
                watcher.wake();
            }
        }
    }
}

/// The background task of a connection.
async fn run<R: Runtime>(shared: Rc<Shared<R>>, mut tasks: Tasks) {
    let mut farewell: Option<R::Sleep> = None;
    let mut gathering = None;
    poll_fn(|cx| {
        shared.task.replace(Some(cx.waker().clone()));
        // Answers come in bunches, and so do the requests of those who had them: what is begun in one turn of the loop
        // leaves with one write, in the next.
        if shared.fresh.get() {
            let turn = shared.runtime.turn();
            if *gathering.get_or_insert(turn) == turn {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            gathering = None;
            shared.fresh.set(false);
        }
        shared.dispatch(cx);
        let rest = tasks.poll(cx);
        shared.dispatch(cx); // the connection may have ended just now
        shared.look_for_room();
        if !shared.is_over() {
            return Poll::Pending;
        }
        if rest.is_ready() {
            return Poll::Ready(());
        }
        if shared.streams.get() != 0 {
            return Poll::Pending; // the server goes away, and finishes what it has begun
        }
        let sleep =
            farewell.get_or_insert_with(|| shared.runtime.sleep_until(shared.runtime.now().saturating_add(FAREWELL)));
        Pin::new(sleep).poll(cx)
    })
    .await;
}

impl<R: Runtime> Http2<R> {
    /// Speaks HTTP/2 over `io`.
    ///
    /// Errors: the connection fails at once.
    pub async fn open(runtime: &R, io: Io<R>, settings: &Settings) -> Result<Self, Error> {
        let endpoints = Rc::new(io.endpoints());
        let scheme = if io.is_tls() { Scheme::HTTPS } else { Scheme::HTTP };
        let gauge = Rc::new(Gauge::new(settings.limits.head().saturating_add(FRUITLESS)));
        let spawner = Spawner::default();
        let mut builder = Builder::new(spawner.clone());
        builder
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME)
            .max_header_list_size(u32::try_from(settings.limits.head()).unwrap_or(u32::MAX));
        let io = Gauged::new(io, Rc::clone(&gauge), false);
        let (sender, dispatcher) = builder.handshake(io).await.map_err(|error| failure::of_head(error, None, None))?;
        let room = dispatcher.current_max_send_streams();
        let shared = Rc::new(Shared {
            runtime: runtime.clone(),
            limits: settings.limits,
            scheme,
            endpoints,
            gauge,
            dispatcher: RefCell::new(Some(dispatcher)),
            suspect: Cell::new(false),
            asked: Cell::new(0),
            heard: Cell::new(0),
            streams: Cell::new(0),
            room: Cell::new(room),
            roomier: RefCell::default(),
            served: Cell::new(0),
            fresh: Cell::new(false),
            task: RefCell::default(),
            watcher: RefCell::default(),
        });
        runtime.spawn(Box::pin(run(Rc::clone(&shared), Tasks::new(spawner))));
        Ok(Self { shared, sender, stream: None, upload: Rc::default(), answer: None })
    }

    /// Another handle, with a stream of its own from now on.
    #[must_use]
    pub fn share(&self) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
            sender: self.sender.clone(),
            stream: Some(Stream::new(&self.shared)),
            upload: Rc::default(),
            answer: None,
        }
    }

    /// Who is at the two ends.
    pub fn endpoints(&self) -> &Rc<Endpoints> {
        &self.shared.endpoints
    }

    /// Requests that were begun on the connection.
    pub fn served(&self) -> u64 {
        self.shared.served.get()
    }

    /// Bytes over the wire so far, both ways, of all requests.
    pub fn traffic(&self) -> u64 {
        self.shared.gauge.traffic()
    }

    /// Has `call` called when the server takes more requests at once than before (RFC 9113, 6.5.2).
    pub fn when_roomier(&self, call: Rc<dyn Fn()>) {
        self.shared.roomier.replace(Some(call));
    }

    /// How many requests the server takes at once.
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Begins to send.
    pub fn send(&mut self, request: Request<RequestBody>) {
        if self.stream.is_none() {
            self.stream = Some(Stream::new(&self.shared));
        }
        self.shared.ask();
        let request = Outbound::wrap(absolute(request, &self.shared.scheme), &self.upload);
        self.answer = Some(Box::pin(self.sender.try_send_request(request)));
    }

    /// The head of the answer.
    ///
    /// Errors: there is none, or none that can be taken.
    pub fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, Unanswered>> {
        let Some(answer) = &mut self.answer else { return Poll::Pending };
        let answered = ready!(answer.as_mut().poll(cx));
        self.answer = None;
        Poll::Ready(match answered {
            Ok(answer) => {
                self.shared.hear();
                let answer = answer.map(Body::http2);
                self.shared.limits.check(&answer).map(|()| answer).map_err(Unanswered::refused)
            }
            Err(failed) => {
                self.stream = None;
                Err(Unanswered::http2(failed, &self.shared.gauge))
            }
        })
    }

    /// The next frame of the answer's body.
    ///
    /// Errors: the body ends too early.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>, body: &mut Body) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(body.poll_frame(cx));
        match frame {
            Some(Ok(_)) => self.shared.hear(),
            Some(Err(_)) | None => self.stream = None,
        }
        Poll::Ready(frame)
    }

    /// Whether it can take a request.
    pub fn is_idle(&self) -> bool {
        let has_room = self.stream.is_some() || self.shared.streams.get() < self.capacity();
        self.answer.is_none() && !self.is_closed() && has_room
    }

    /// Whether it will never take a request again.
    pub fn is_closed(&self) -> bool {
        self.shared.suspect.get() || self.sender.is_closed() || self.shared.is_over()
    }

    /// The request is given up after the time that its user had for it. A connection on which no answer has got on for much
    /// of that time takes no other request.
    pub fn doubt(&self, time: Duration) {
        self.shared.doubt(Nanos::try_from(time.as_nanos() / 2).unwrap_or(Nanos::MAX));
    }

    /// Waits for the end of the connection.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_closed() {
            return Poll::Ready(());
        }
        self.shared.watcher.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl<R: Runtime> Drop for Http2<R> {
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.shared.doubt(SILENCE);
        }
    }
}
