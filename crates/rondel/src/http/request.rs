//! A request, as it is put together.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rondel_http::{Options, Outgoing, Redirect, RequestBody, Retry, Target, Timeouts};

use super::{Client, Error, Here, Response};

/// A request that is not sent yet. Awaiting it sends it.
///
/// What can't be sent (a URL that is none, a header with a line break) is the error of awaiting it.
#[must_use = "a request is not sent unless it is awaited"]
pub struct RequestBuilder {
    client: Client,
    method: Method,
    url: String,
    headers: Rc<HeaderMap>,
    options: Rc<Options>,
    body: RequestBody,
    /// The first thing that can't be.
    wrong: Option<Error>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, method: Method, url: &str) -> Self {
        let (headers, options) = (Rc::clone(&client.defaults.headers), Rc::clone(&client.defaults.options));
        Self { client, method, url: url.to_owned(), headers, options, body: RequestBody::Empty, wrong: None }
    }

    /// Sets a header, in place of all of that name that the client has.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                Rc::make_mut(&mut self.headers).insert(name, value);
            }
            (Err(error), _) => self.refuse::<http::Error>("the name of a header", error.into()),
            (_, Err(error)) => self.refuse::<http::Error>("the value of a header", error.into()),
        }
        self
    }

    /// `Authorization: Bearer`, which goes to no other server when redirected.
    pub fn bearer(self, token: &str) -> Self {
        match HeaderValue::try_from(format!("Bearer {token}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.header(AUTHORIZATION, value)
            }
            Err(_) => self.refused("the token", "it has bytes that a header can't have"),
        }
    }

    /// Adds to the query of the URL, with what has a meaning there encoded.
    ///
    /// ```no_run
    /// # async fn f(client: rondel::http::Client) -> Result<(), rondel::http::Error> {
    /// client.get("http://example.org/search").query([("q", "R&D"), ("page", "2")]).await?; // ?q=R%26D&page=2
    /// # Ok(()) }
    /// ```
    pub fn query<K: AsRef<str>, V: AsRef<str>>(mut self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut pairs = pairs.into_iter().peekable();
        if pairs.peek().is_none() {
            return self;
        }
        let fragment = self.url.find('#').map_or(String::new(), |start| self.url.split_off(start));
        let start = if let Some(mark) = self.url.find('?') {
            mark + 1
        } else {
            self.url.push('?');
            self.url.len()
        };
        self.url = Serializer::for_suffix(self.url, start).extend_pairs(pairs).finish() + &fragment;
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into().into();
        self
    }

    /// Sets a body that is produced while it is sent, by the other end of a [`channel`](super::channel). The request
    /// can't be repeated then, neither by [`Retry`] nor for a redirect.
    pub fn stream(mut self, body: RequestBody) -> Self {
        self.body = body;
        self
    }

    /// Sets a body as HTML forms have it.
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")).body(form)
    }

    /// How long all of it may take, body of the response included. Zero: for ever.
    pub fn timeout(self, total: Duration) -> Self {
        self.change(|options| options.timeouts.total = Some(total))
    }

    /// Sets all time limits.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(|options| options.timeouts = timeouts)
    }

    /// Whether redirects are followed.
    pub fn redirect(self, redirect: Redirect) -> Self {
        self.change(|options| options.redirect = redirect)
    }

    /// Tries again what fails.
    pub fn retry(self, retry: Retry) -> Self {
        self.change(|options| options.retry = Some(Rc::new(retry)))
    }

    /// Has the body wait until the server has said `100 Continue`, one second at most.
    pub fn expect_continue(self) -> Self {
        self.change(|options| options.expect_continue = true)
    }

    /// Sends it, as awaiting it does.
    pub fn send(self) -> Sending {
        let Self { client, method, url, headers, options, body, wrong } = self;
        if let Some(error) = wrong {
            return Sending(State::Refused(Some(error)));
        }
        match Target::parse_lenient(&url) {
            Ok(url) => Sending(State::Sent(client.inner.send(Outgoing { method, url, headers, body }, options))),
            Err(error) => Sending(State::Refused(Some(Error::http(url, error)))),
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Rc::make_mut(&mut self.options));
        self
    }

    fn refuse<E: Into<Box<dyn std::error::Error + Send + Sync>>>(&mut self, what: &'static str, why: E) {
        if self.wrong.is_none() {
            self.wrong = Some(Error::request(&self.url, what, why));
        }
    }

    fn refused(mut self, what: &'static str, why: &'static str) -> Self {
        self.refuse(what, why);
        self
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response, Error>;
    type IntoFuture = Sending;

    fn into_future(self) -> Sending {
        self.send()
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, headers, .. } = self;
        f.debug_struct("RequestBuilder")
            .field("method", method)
            .field("url", url)
            .field("headers", headers)
            .finish_non_exhaustive()
    }
}

/// A request under way. Dropping it cancels the request.
#[must_use = "a request is not sent unless it is awaited"]
pub struct Sending(State);

enum State {
    Sent(rondel_http::Sending<Here>),
    /// It makes no sense. None: that was said.
    Refused(Option<Error>),
}

impl Future for Sending {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Sent(sending) => {
                let answered = std::task::ready!(Pin::new(sending).poll(cx));
                Poll::Ready(answered.map(Response::new).map_err(Error::failed))
            }
            State::Refused(error) => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}
