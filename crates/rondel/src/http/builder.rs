//! What a client is made of.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use rondel_http::connect::{Http2, Proxy, Route, TlsChoice};
use rondel_http::{
    Client as Inner, CookieStore, Jar, Options, Redirect, Retry, Settings, Target, Timeouts, basic_authorization,
};

use super::client::Defaults;
use super::{Client, Error, Here};

/// The settings of a [`Client`].
#[must_use = "call build"]
pub struct ClientBuilder {
    settings: Settings<Here>,
    headers: HeaderMap,
    options: Options,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("rondel/", env!("CARGO_PKG_VERSION"))));
        Self { settings: Settings::default(), headers, options: Options::default() }
    }

    /// The client.
    ///
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[track_caller]
    pub fn build(self) -> Client {
        let Self { settings, headers, options } = self;
        let defaults = Defaults { headers: Rc::new(headers), options: Rc::new(options) };
        Client { inner: Inner::new(Here::current(), settings), defaults: Rc::new(defaults) }
    }

    /// A header that each request has, unless it sets another value. There are `Accept`, `Accept-Encoding` and
    /// `User-Agent` to begin with.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// How long a request may take, body of the response included. Zero: for ever. Five minutes, if nothing is said.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.options.timeouts.total = Some(total);
        self
    }

    /// Sets all time limits of a request.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options.timeouts = timeouts;
        self
    }

    /// Whether redirects are followed: up to nine, if nothing is said.
    pub fn redirect(mut self, redirect: Redirect) -> Self {
        self.options.redirect = redirect;
        self
    }

    /// Tries again what fails. Requests share the policy's [`Budget`](super::Budget), if it has one.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.options.retry = Some(Rc::new(retry));
        self
    }

    /// Keeps cookies from one request to the next, in memory.
    pub fn cookies(self) -> Self {
        self.cookie_store(Rc::new(Jar::default()))
    }

    /// Keeps cookies elsewhere.
    pub fn cookie_store(mut self, store: Rc<dyn CookieStore>) -> Self {
        self.options.cookies = Some(store);
        self
    }

    /// How many connections there may be at once; 100, if nothing is said. 0: any number. Further requests wait, first
    /// come, first served. With HTTP/2, many requests share a connection.
    pub fn limit(mut self, connections: usize) -> Self {
        self.settings.pool.limit = connections;
        self
    }

    /// As [`limit`](Self::limit), to one host and port; any number, if nothing is said.
    pub fn limit_per_host(mut self, connections: usize) -> Self {
        self.settings.pool.limit_per_host = connections;
        self
    }

    /// How long a connection is kept that nobody uses. None: until the server closes it.
    pub fn keepalive(mut self, longest: Option<Duration>) -> Self {
        self.settings.pool.keepalive = longest;
        self
    }

    /// Gives compressed bodies as they are, and asks for none.
    pub fn raw_bodies(mut self) -> Self {
        self.options.decompress = false;
        self.headers.remove(ACCEPT_ENCODING);
        self
    }

    /// Which versions of HTTP are spoken: HTTP/2 where the server agrees to it over TLS, if nothing is said.
    pub fn http2(mut self, http2: Http2) -> Self {
        self.settings.connect.http2 = http2;
        self
    }

    /// From which address connections are made.
    pub fn local_addr(mut self, address: SocketAddr) -> Self {
        self.settings.connect.local_addr = Some(address);
        self
    }

    /// Connects to this Unix socket, whatever the URL's host is.
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.connect.unix = Some(path.into());
        self
    }

    /// Goes through an HTTP proxy. User and password of its URL become `Proxy-Authorization`.
    ///
    /// Errors: `url` is no `http` or `https` URL.
    pub fn proxy(mut self, url: &str) -> Result<Self, Error> {
        let url = Target::parse_lenient(url).map_err(|error| Error::http(url, error))?;
        let proxy = Proxy { authorization: basic_authorization(&url), headers: HeaderMap::new(), url };
        self.options.route = Some(Rc::new(Route { proxy: Some(Rc::new(proxy)), ..Route::default() }));
        Ok(self)
    }

    /// Takes any certificate for any host: whoever is in between can read and change all. For tests alone.
    pub fn trust_any_certificate(mut self) -> Self {
        self.settings.connect.tls = TlsChoice::NoVerify;
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("headers", &self.headers)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
