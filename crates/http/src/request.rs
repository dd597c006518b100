//! A request, and what becomes of it.

mod compose;
mod run;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Version};

use crate::body::RequestBody;
use crate::client::Client;
use crate::connect::{Observer, Route};
use crate::cookies::CookieStore;
use crate::error::Error;
use crate::redirect::Redirect;
use crate::response::{Head, Incoming};
use crate::retry::Retry;
use crate::runtime::Runtime;
use crate::timeouts::Timeouts;
use crate::url::Target;

pub use compose::basic_authorization;

/// What is sent.
#[derive(Debug)]
pub struct Outgoing {
    /// `GET`, and so on.
    pub method: Method,
    /// User and password in it become `Authorization: Basic`, unless that header is there.
    pub url: Target,
    /// Shared, as many requests have the same. `Host`, cookies and what frames the body are added where they are
    /// missing.
    pub headers: Rc<HeaderMap>,
    /// After the headers.
    pub body: RequestBody,
}

/// How it is sent. Made once for many requests.
#[derive(Clone)]
pub struct Options {
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Whether redirects are followed.
    pub redirect: Redirect,
    /// Whether it is tried again. Without this, only a kept-alive connection that the server has closed is replaced.
    pub retry: Option<Rc<Retry>>,
    /// Whether a `Content-Encoding` is undone.
    pub decompress: bool,
    /// Through which proxy, and with which TLS. None: directly, with the client's.
    pub route: Option<Rc<Route>>,
    /// Whether the body waits for the server's `100 Continue`.
    pub expect_continue: bool,
    /// Where cookies come from and go to.
    pub cookies: Option<Rc<dyn CookieStore>>,
    /// Who is told what happens before it is sent.
    pub observer: Option<Rc<dyn Observer>>,
    /// [`HTTP_10`](Version::HTTP_10) is spoken if it is wanted here. All else is settled with the server.
    pub version: Version,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            redirect: Redirect::default(),
            retry: None,
            decompress: true,
            route: None,
            expect_continue: false,
            cookies: None,
            observer: None,
            version: Version::HTTP_11,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timeouts, redirect, retry, decompress, expect_continue, version, .. } = self;
        f.debug_struct("Options")
            .field("timeouts", timeouts)
            .field("redirect", redirect)
            .field("retry", retry)
            .field("decompress", decompress)
            .field("expect_continue", expect_continue)
            .field("version", version)
            .finish_non_exhaustive()
    }
}

/// A request under way: a future of the head of its answer. Dropping it cancels the request.
#[must_use = "a request is not sent unless it is awaited"]
pub struct Sending<R: Runtime>(Pin<Box<dyn Future<Output = Result<Incoming<R>, Failure>>>>);

impl<R: Runtime> Sending<R> {
    pub(crate) fn new(client: Client<R>, request: Outgoing, options: Rc<Options>) -> Self {
        Self(Box::pin(run::run(client, request, options)))
    }
}

impl<R: Runtime> Future for Sending<R> {
    type Output = Result<Incoming<R>, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R: Runtime> fmt::Debug for Sending<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

/// A request without answer.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// What was asked for last.
    pub url: Target,
    /// The redirects that were followed before.
    pub history: Vec<Head>,
    /// How often it was tried.
    pub attempts: u32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
