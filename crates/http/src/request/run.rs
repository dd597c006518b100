//! How a request is done: a connection, the request, the head of the answer; and perhaps once more, here or elsewhere.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, SET_COOKIE};
use http::response::Parts;
use http::{HeaderMap, Method, Response};

use super::compose::{self, Draft};
use super::{Failure, Options, Outgoing};
use crate::body::RequestBody;
use crate::client::Client;
use crate::conn::{Body, Unanswered};
use crate::decode::Decoder;
use crate::error::{Error, Kind, Phase};
use crate::io::Endpoints;
use crate::redirect::{Hop, Redirect};
use crate::response::{Arrived, Head, Incoming, Wire};
use crate::retry::IDEMPOTENT;
use crate::runtime::Runtime;
use crate::timeouts::Clock;
use crate::url::Target;

/// How often a request is given to another connection because the one it had was found closed: as often as there may be
/// such connections, but for ever in no case.
const MAX_STALE: u32 = 32;

/// Does `request`.
pub(super) async fn run<R: Runtime>(
    client: Client<R>,
    request: Outgoing,
    options: Rc<Options>,
) -> Result<Incoming<R>, Failure> {
    let clock = Clock::start(client.runtime().clone(), &options.timeouts);
    let Outgoing { method, url, headers, body } = request;
    let mut run =
        Run { client, options, clock, method, url, headers, body, history: Vec::new(), attempts: 1, stale: 0 };
    match run.answer().await {
        Ok(answer) => Ok(run.finish(answer)),
        Err(error) => Err(Failure { error, url: run.url, history: run.history, attempts: run.attempts }),
    }
}

/// A request that changes on its way.
struct Run<R: Runtime> {
    client: Client<R>,
    options: Rc<Options>,
    clock: Clock<R>,
    method: Method,
    url: Target,
    headers: Rc<HeaderMap>,
    body: RequestBody,
    history: Vec<Head>,
    /// The number of this attempt, from 1 on.
    attempts: u32,
    /// Connections that turned out to be closed.
    stale: u32,
}

/// What an attempt brought.
struct Answer<R: Runtime> {
    parts: Parts,
    body: Body,
    wire: Wire<R>,
    endpoints: Rc<Endpoints>,
}

/// Why an attempt brought nothing.
struct Broken {
    error: Error,
    /// What of the request can be had back.
    body: Option<RequestBody>,
    /// Nothing of it has been worked on.
    untouched: bool,
    /// Not a byte of an answer has come.
    silent: bool,
    /// Others had the connection before.
    reused: bool,
}

impl<R: Runtime> Run<R> {
    /// Attempts and hops until there is an answer to keep.
    async fn answer(&mut self) -> Result<Answer<R>, Error> {
        if let Some(retry) = &self.options.retry {
            retry.begin();
        }
        self.authorize();
        loop {
            let spare = self.body.try_clone();
            let mut answer = match self.attempt().await {
                Ok(answer) => answer,
                Err(broken) => {
                    self.recover(broken, spare).await?;
                    continue;
                }
            };
            if let Err(error) = self.store_cookies(&answer.parts.headers) {
                answer.wire.discard(&mut answer.body);
                return Err(error.at(&self.url.origin()));
            }
            if let Some(delay) = self.delay_after(&answer.parts, spare.as_ref()) {
                answer.wire.discard(&mut answer.body);
                self.pause(delay).await;
                self.body = spare.unwrap_or_default();
                continue;
            }
            let Some(hop) = self.hop_after(&answer.parts).transpose() else { return Ok(answer) };
            answer.wire.discard(&mut answer.body);
            self.history.push(Head::new(answer.parts, self.method.clone(), self.url.clone()));
            let (hop, most) = hop?;
            if most > 0 && self.history.len() >= most {
                return Err(Error::new(Kind::TooManyRedirects(most)));
            }
            self.follow(hop, spare)?;
        }
    }

    /// One attempt: to the head of the answer.
    async fn attempt(&mut self) -> Result<Answer<R>, Broken> {
        let connected = self.clock.bound(Phase::Connect, self.client.lease(&self.url, &self.options)).await;
        let lease = match connected {
            Ok(Ok(lease)) => lease,
            Ok(Err(error)) | Err(error) => return Err(self.unconnected(error)),
        };
        let reused = lease.is_reused();
        let endpoints = Rc::clone(lease.endpoints());
        let version = lease.version();
        let mut wire = Wire::new(lease);
        let body = std::mem::take(&mut self.body);
        let Self { method, url, headers, options, client, .. } = &*self;
        let draft = Draft { method, url, headers, options, version, keep: client.keeps_connections() };
        let expects = draft.expects_continue(&body);
        let request = match draft.finish(body) {
            Ok(request) => request,
            Err(error) => {
                wire.release();
                return Err(Broken { error, body: None, untouched: false, silent: false, reused });
            }
        };
        if let Some(lease) = wire.lease() {
            lease.send(request, expects);
        }
        match self.head(&mut wire).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                Ok(Answer { parts, body, wire, endpoints })
            }
            Err(Unanswered { error, request, untouched, silent }) => {
                let body = request.map(http::Request::into_body);
                Err(Broken { error, body, untouched, silent, reused })
            }
        }
    }

    /// The head, unless the server is silent for too long: from when it has the request.
    async fn head(&mut self, wire: &mut Wire<R>) -> Result<Response<Body>, Unanswered> {
        let clock = &mut self.clock;
        let mut moved = 0;
        poll_fn(|cx| {
            let Some(lease) = wire.lease() else { return Poll::Ready(Err(failed(Error::new(Kind::Closed)))) };
            if let Poll::Ready(head) = lease.poll_head(cx) {
                clock.heard();
                return Poll::Ready(head);
            }
            if lease.poll_closed(cx).is_ready() {
                return Poll::Ready(Err(failed(Error::new(Kind::Closed))));
            }
            let now = lease.traffic();
            if now != moved {
                moved = now;
                clock.heard();
            }
            let Poll::Ready(error) = clock.poll_silence(cx) else { return Poll::Pending };
            wire.doubt(&error);
            Poll::Ready(Err(failed(error)))
        })
        .await
    }

    fn unconnected(&mut self, error: Error) -> Broken {
        let body = Some(std::mem::take(&mut self.body));
        Broken { error, body, untouched: false, silent: false, reused: false }
    }

    /// Makes ready for the next attempt, and waits for its time.
    ///
    /// Errors: there will be none, for this reason.
    async fn recover(&mut self, broken: Broken, spare: Option<RequestBody>) -> Result<(), Error> {
        let replaceable = self.is_stale(&broken);
        let error = broken.error.at(&self.url.origin());
        let Some(body) = broken.body.or(spare) else { return Err(error) };
        self.body = body;
        if replaceable {
            self.stale += 1;
            return Ok(());
        }
        let random = self.clock.runtime().random();
        let retry = self.options.retry.as_ref();
        let delay = retry.and_then(|retry| retry.after_error(self.attempts, &self.method, &error, random));
        match delay.filter(|&delay| self.clock.has(delay)) {
            Some(delay) => {
                self.pause(delay).await;
                Ok(())
            }
            None => Err(error),
        }
    }

    /// Whether the attempt failed for nothing but a connection that the server had closed while nobody used it, or was
    /// about to close. What the server may have begun to work on is repeated once, and only where that does no harm
    /// (RFC 9110, 9.2.2; RFC 9112, 9.3.1).
    fn is_stale(&self, broken: &Broken) -> bool {
        let Broken { untouched, silent, reused, .. } = *broken;
        if untouched {
            return if reused { self.stale < MAX_STALE } else { self.stale == 0 };
        }
        silent && reused && self.stale == 0 && IDEMPOTENT.contains(&self.method)
    }

    /// How long to wait before the next attempt, if this answer calls for one that is possible.
    fn delay_after(&self, parts: &Parts, spare: Option<&RequestBody>) -> Option<Duration> {
        let retry = self.options.retry.as_ref()?;
        spare?;
        let (status, headers) = (parts.status.as_u16(), &parts.headers);
        let random = self.clock.runtime().random();
        let delay = retry.after_status(self.attempts, &self.method, status, headers, SystemTime::now(), random);
        delay.filter(|&delay| self.clock.has(delay))
    }

    async fn pause(&mut self, delay: Duration) {
        self.clock.pause(delay).await;
        self.attempts += 1;
    }

    /// Where the answer leads, and how many redirects are too many.
    fn hop_after(&self, parts: &Parts) -> Result<Option<(Hop, usize)>, Error> {
        let Redirect::Follow { max } = self.options.redirect else { return Ok(None) };
        let hop = Hop::after(&self.method, parts.status.as_u16(), &parts.headers, &self.url)?;
        Ok(hop.map(|hop| (hop, max)))
    }

    /// Becomes the next request.
    ///
    /// Errors: it needs the body again, which is gone.
    fn follow(&mut self, hop: Hop, spare: Option<RequestBody>) -> Result<(), Error> {
        let Hop { method, url, keep_body, same_origin } = hop;
        self.method = method;
        self.url = url;
        self.body = if keep_body {
            spare.ok_or_else(|| {
                let why = "a redirect asks for the request's body again, which was sent piece by piece: use bytes, or \
                           follow redirects yourself";
                Error::new(Kind::Payload(why.to_owned()))
            })?
        } else {
            compose::strip_body(Rc::make_mut(&mut self.headers));
            RequestBody::Empty
        };
        if !same_origin {
            compose::strip_for_other_origin(Rc::make_mut(&mut self.headers));
        }
        self.authorize();
        Ok(())
    }

    /// User and password of the URL, for this hop and the next ones of the same origin.
    fn authorize(&mut self) {
        if self.url.userinfo().is_none() || (self.history.is_empty() && self.headers.contains_key(AUTHORIZATION)) {
            return;
        }
        if let Some(basic) = compose::basic_authorization(&self.url) {
            Rc::make_mut(&mut self.headers).insert(AUTHORIZATION, basic);
        }
    }

    /// Errors: [`Kind::Cookies`].
    fn store_cookies(&self, headers: &HeaderMap) -> Result<(), Error> {
        match &self.options.cookies {
            Some(cookies) if headers.contains_key(SET_COOKIE) => {
                cookies.store(&self.url, headers).map_err(|error| Error::from_source(Kind::Cookies, error))
            }
            _ => Ok(()),
        }
    }

    fn finish(self, answer: Answer<R>) -> Incoming<R> {
        let Answer { parts, body, mut wire, endpoints } = answer;
        let head = Head::new(parts, self.method, self.url);
        if !head.is_switch() {
            wire.head_arrived(&body);
        }
        let is_encoded = self.options.decompress && !body.is_end_stream();
        let decoder = if is_encoded { Decoder::new(&head.headers, self.client.decode_bound()) } else { None };
        Incoming::new(Arrived {
            head,
            history: self.history,
            attempts: self.attempts,
            body,
            wire,
            clock: self.clock,
            decoder: decoder.map(Box::new),
            endpoints,
        })
    }
}

/// An attempt that this side has given up.
fn failed(error: Error) -> Unanswered {
    Unanswered { error, request: None, untouched: false, silent: false }
}
