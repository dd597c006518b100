//! Why a request came to nothing.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;
use rondel_http::{Failure, Kind, Phase, Target};

/// Why there is no response, or not all of it, or not the one that was wanted. It names the URL and the cause.
pub struct Error(Box<Inner>);

struct Inner {
    /// What was asked for.
    url: String,
    cause: Cause,
    /// How often.
    attempts: u32,
}

enum Cause {
    /// What the client says.
    Http(rondel_http::Error),
    /// The server's answer is an error.
    Status(StatusCode),
    /// The request makes no sense.
    Request(&'static str, Box<dyn StdError + Send + Sync>),
}

impl Error {
    fn new(url: impl Into<String>, cause: Cause) -> Self {
        Self(Box::new(Inner { url: url.into(), cause, attempts: 1 }))
    }

    pub(super) fn failed(failure: Failure) -> Self {
        let Failure { error, url, attempts, .. } = failure;
        Self(Box::new(Inner { url: url.to_string(), cause: Cause::Http(error), attempts }))
    }

    pub(super) fn http(url: impl Into<String>, error: rondel_http::Error) -> Self {
        Self::new(url, Cause::Http(error))
    }

    pub(super) fn status_of(url: &Target, status: StatusCode) -> Self {
        Self::new(url.as_str(), Cause::Status(status))
    }

    pub(super) fn request(url: &str, what: &'static str, why: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(url, Cause::Request(what, why.into()))
    }

    /// What was asked for, or where redirects had led.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The status of the response that [`error_for_status`](super::Response::error_for_status) has refused.
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.cause {
            Cause::Status(status) => Some(status),
            Cause::Http(_) | Cause::Request(..) => None,
        }
    }

    /// What kind of failure. None: the response had a status that was refused, or the request could not be built.
    pub fn kind(&self) -> Option<&Kind> {
        match &self.0.cause {
            Cause::Http(error) => Some(error.kind()),
            Cause::Status(_) | Cause::Request(..) => None,
        }
    }

    /// Whether a time limit has passed.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), Some(Kind::Timeout(..)))
    }

    /// Whether there was no connection to the server.
    pub fn is_connect(&self) -> bool {
        let connecting = |phase: &Phase| matches!(phase, Phase::Connect | Phase::SockConnect);
        match self.kind() {
            Some(Kind::Lookup | Kind::Connect | Kind::Tls | Kind::Certificate(..) | Kind::Proxy(..)) => true,
            Some(Kind::Timeout(phase, _)) => connecting(phase),
            _ => false,
        }
    }

    /// How often the request was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { url, cause, attempts } = &*self.0;
        match cause {
            Cause::Http(error) => write!(f, "{url}: {error}")?,
            Cause::Status(status) => write!(f, "{url}: the server answers {status}")?,
            Cause::Request(what, why) => write!(f, "{url}: {what}: {why}")?,
        }
        if *attempts > 1 {
            write!(f, " (attempt {attempts})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.to_string()).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.cause {
            Cause::Http(error) => error.source(),
            Cause::Status(_) => None,
            Cause::Request(_, why) => Some(&**why),
        }
    }
}
