//! What the server answers.

mod incoming;
mod wire;

use std::fmt;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::ext::ReasonPhrase;

use crate::url::Target;

pub(crate) use incoming::Arrived;
pub use incoming::{Incoming, Switched};
pub(crate) use wire::Wire;

/// An answer but for its body.
#[derive(Clone)]
pub struct Head {
    /// 100 to 999.
    pub status: u16,
    /// Of the answer.
    pub version: Version,
    /// As the server has it; the standard's where HTTP/2 has none. May be empty.
    pub reason: Bytes,
    /// With what the body was encoded with, decoded or not.
    pub headers: HeaderMap,
    /// What was asked for in the end.
    pub url: Target,
    /// And how.
    pub method: Method,
}

impl Head {
    pub(crate) fn new(parts: Parts, method: Method, url: Target) -> Self {
        let Parts { status, version, headers, mut extensions, .. } = parts;
        let reason = if extensions.is_empty() { None } else { extensions.remove::<ReasonPhrase>() };
        let reason = match reason {
            Some(own) => Bytes::copy_from_slice(own.as_bytes()),
            None => Bytes::from_static(status.canonical_reason().unwrap_or_default().as_bytes()),
        };
        Self { status: status.as_u16(), version, reason, headers, url, method }
    }

    /// Whether the connection speaks another protocol from here on.
    pub(crate) fn is_switch(&self) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS.as_u16()
            || (self.method == Method::CONNECT && (200..300).contains(&self.status))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, version, url, method, .. } = self;
        f.debug_struct("Head")
            .field("method", method)
            .field("url", url)
            .field("status", status)
            .field("version", version)
            .finish_non_exhaustive()
    }
}
