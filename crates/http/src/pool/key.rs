//! What tells connections apart.

use std::rc::Rc;

use bytes::Bytes;

use crate::connect::Route;
use crate::error::Origin;
use crate::url::{Scheme, Target};

/// Which requests can share a connection: those to one server by one route. Made and cloned without allocation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    host: Bytes,
    port: u16,
    tls: bool,
    http1: bool,
    route: Option<Rc<Route>>,
}

impl Key {
    /// Where a request for `target` goes; `route`, if it does not go there directly, or not in the usual way.
    pub fn new(target: &Target, route: Option<&Rc<Route>>) -> Self {
        let websocket = matches!(target.scheme(), Scheme::Ws | Scheme::Wss);
        Self {
            host: target.host_bytes(),
            port: target.port(),
            tls: target.is_tls(),
            http1: websocket || route.is_some_and(|route| route.http1),
            route: route.cloned(),
        }
    }

    /// In small letters; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        std::str::from_utf8(&self.host).unwrap_or_default() // a part of a `Target`, which is ASCII
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken with the server.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether HTTP/2 is of no use.
    pub fn is_http1(&self) -> bool {
        self.http1
    }

    /// How to get there; none: directly.
    pub fn route(&self) -> Option<&Route> {
        self.route.as_deref()
    }

    /// For error messages.
    pub fn origin(&self) -> Origin {
        Origin { host: self.host().to_owned(), port: self.port, tls: self.tls }
    }

    /// The same, without the memory of the URL that it came from.
    pub(super) fn detached(&self) -> Self {
        Self { host: Bytes::copy_from_slice(&self.host), ..self.clone() }
    }
}
