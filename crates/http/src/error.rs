//! What can go wrong, in words that name the host, the port and the cause.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

/// Why a request has no (whole) response. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Error(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    origin: Option<Origin>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Whom the request was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// As the URL has it; an IPv6 address without brackets.
    pub host: String,
    /// With the scheme's default filled in.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

/// The kinds of errors. The exceptions that the Python face makes of them stand in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The URL can't be parsed, or has no host [`InvalidURL`].
    InvalidUrl(String),
    /// Neither `http` nor `https` [`NonHttpUrlClientError`].
    NotHttp(String),
    /// A redirect led to a URL that can't be parsed [`InvalidUrlRedirectClientError`].
    InvalidRedirect(String),
    /// A redirect led away from `http` and `https` [`NonHttpUrlRedirectClientError`].
    RedirectNotHttp(String),
    /// More redirects than allowed [`TooManyRedirects`].
    TooManyRedirects(usize),
    /// The name has no address [`ClientConnectorDNSError`].
    Lookup,
    /// No address took the connection; the source is an [`io::Error`] [`ClientConnectorError`].
    Connect,
    /// No TLS connection came about [`ClientConnectorSSLError`].
    Tls,
    /// The server's certificate was refused: why, and its DER, if there is one
    /// [`ClientConnectorCertificateError` from `ssl.SSLCertVerificationError`].
    Certificate(String, Option<Vec<u8>>),
    /// The proxy refused; its status, the reason, and the headers of its answer [`ClientHttpProxyError`].
    Proxy(u16, String, HeaderMap),
    /// The server closed a connection instead of answering [`ServerDisconnectedError`].
    Disconnected,
    /// The connection failed while it was used; the source is an [`io::Error`] [`ClientOSError`].
    Io,
    /// The server's answer is no HTTP, or exceeds a limit [`ClientResponseError` with status 400].
    Malformed(String),
    /// The body ended early, or can't be decoded [`ClientPayloadError`].
    Payload(String),
    /// The decoded body exceeds the bound on how much one may expand [`ClientPayloadError`].
    Bomb {
        /// Bytes decoded so far.
        decoded: u64,
        /// Bytes they were decoded from.
        encoded: u64,
    },
    /// A time limit passed [`ConnectionTimeoutError`, `SocketTimeoutError`, `ServerTimeoutError`, `TimeoutError`].
    Timeout(Phase, Duration),
    /// The client, or the connection pool, was closed [`ClientConnectionError`].
    Closed,
    /// What was to be sent can't be: a generator that failed, a file that shrank [`ClientOSError`, or its own exception].
    Body,
    /// The store of cookies has failed; the source is what it gave [that exception].
    Cookies,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The whole request (`ClientTimeout.total`).
    Total,
    /// Getting a connection from the pool, or a new one (`connect`).
    Connect,
    /// The system's connecting (`sock_connect`).
    SockConnect,
    /// Between two pieces of what the server sends (`sock_read`).
    SockRead,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: Kind) -> Self {
        Self(Arc::new(Inner { kind, origin: None, source: None }))
    }

    /// With what caused it.
    pub fn from_source(kind: Kind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::new(Inner { kind, origin: None, source: Some(source.into()) }))
    }

    /// With whom it was about, unless that is said already.
    #[must_use]
    pub fn at(self, origin: &Origin) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { origin: inner.origin.or_else(|| Some(origin.clone())), ..inner })),
            Err(shared) => Self(shared),
        }
    }

    /// What kind.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// About whom.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }

    /// What began it.
    pub fn first_cause(&self) -> Option<&(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |cause| (*cause).source()).last()
    }

    /// The system's error among the causes.
    pub fn io(&self) -> Option<&io::Error> {
        let mut next = self.source();
        while let Some(error) = next {
            if let Some(io) = error.downcast_ref() {
                return Some(io);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, origin, .. } = &*self.0;
        match kind {
            Kind::InvalidUrl(url) => write!(f, "invalid URL {url:?}")?,
            Kind::NotHttp(url) => write!(f, "neither an http nor an https URL: {url:?}")?,
            Kind::InvalidRedirect(url) => write!(f, "redirected to an invalid URL {url:?}")?,
            Kind::RedirectNotHttp(url) => write!(f, "redirected to what is neither http nor https: {url:?}")?,
            Kind::TooManyRedirects(most) => write!(f, "more than {most} redirects")?,
            Kind::Lookup => f.write_str("cannot find an address")?,
            Kind::Connect => f.write_str("cannot connect")?,
            Kind::Tls => f.write_str("cannot speak TLS")?,
            Kind::Certificate(why, _) => write!(f, "certificate refused: {why}")?,
            Kind::Proxy(status, reason, _) => write!(f, "the proxy answers {status} {reason}")?,
            Kind::Disconnected => f.write_str("server disconnected")?,
            Kind::Io => f.write_str("connection failed")?,
            Kind::Malformed(why) => write!(f, "malformed response: {why}")?,
            Kind::Payload(why) => write!(f, "incomplete or undecodable body: {why}")?,
            Kind::Bomb { decoded, encoded } => {
                write!(f, "body expands from {encoded} to more than {decoded} bytes: refused as a decompression bomb")?;
            }
            Kind::Timeout(phase, limit) => {
                let what = match phase {
                    Phase::Total => "the request",
                    Phase::Connect => "getting a connection",
                    Phase::SockConnect => "connecting",
                    Phase::SockRead => "waiting for the server",
                };
                write!(f, "{what} took longer than {} s", limit.as_secs_f64())?;
            }
            Kind::Closed => f.write_str("the client is closed")?,
            Kind::Body => f.write_str("the request's body failed")?,
            Kind::Cookies => f.write_str("the store of cookies failed")?,
        }
        if let Some(Origin { host, port, .. }) = origin {
            let brackets = if host.contains(':') { ["[", "]"] } else { ["", ""] };
            write!(f, ", host {}{host}{} port {port}", brackets[0], brackets[1])?;
        }
        // Of a body that failed, its producer knows more than those who had to hear of it.
        let cause = if *kind == Kind::Body { self.first_cause() } else { self.source() };
        cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
