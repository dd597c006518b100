//! The client.

use std::fmt;
use std::rc::Rc;

use http::{HeaderMap, Method};
use rondel_http::Options;
use rondel_http::pool::Statistics;

use super::{ClientBuilder, Here, RequestBuilder};

/// An HTTP client with a pool of connections. Clones share both.
///
/// It belongs to the runtime that it was made in: its requests wake that, and no other.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: rondel_http::Client<Here>,
    pub(super) defaults: Rc<Defaults>,
}

/// What requests have unless they say otherwise.
pub(super) struct Defaults {
    pub(super) headers: Rc<HeaderMap>,
    pub(super) options: Rc<Options>,
}

impl Client {
    /// A client with the settings of [`builder`](Self::builder).
    ///
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[expect(clippy::new_without_default, reason = "`default` would panic where nobody expects it")]
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// For a client with other settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A GET request for `url`, which is sent when it is awaited.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// As [`get`](Self::get), with HEAD.
    pub fn head(&self, url: &str) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// As [`get`](Self::get), with POST.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// As [`get`](Self::get), with PUT.
    pub fn put(&self, url: &str) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// As [`get`](Self::get), with PATCH.
    pub fn patch(&self, url: &str) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// As [`get`](Self::get), with DELETE.
    pub fn delete(&self, url: &str) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// As [`get`](Self::get), with any method. A URL that is none is an error of the request when it is sent.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url)
    }

    /// Closes all connections. Requests fail from now on, those under way as well. Without this, connections are closed
    /// when the last clone of the client, its last request and its last response are dropped.
    pub fn close(&self) {
        self.inner.close();
    }

    /// How many connections there are now, and how many requests wait for one.
    pub fn statistics(&self) -> Statistics {
        self.inner.statistics()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}
