//! A response and its body.

use std::fmt;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version};
use rondel_http::{Head, Incoming, Target};

use super::{Error, Here};

/// A response, whose body is still to be read.
///
/// Its connection serves the next request when the body has been read. A response that is dropped before closes it,
/// unless the rest of the body is here already.
pub struct Response(Incoming<Here>);

impl Response {
    pub(super) fn new(incoming: Incoming<Here>) -> Self {
        Self(incoming)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        // A server may send 000 to 099, which is none: hyper has refused those.
        StatusCode::from_u16(self.0.head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What was spoken.
    pub fn version(&self) -> Version {
        self.0.head.version
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// Whose response it is: the last URL, if there were redirects.
    pub fn url(&self) -> &Target {
        &self.0.head.url
    }

    /// The redirects that led here, first one first.
    pub fn history(&self) -> &[Head] {
        &self.0.history
    }

    /// How often it was asked for, by [`Retry`](super::Retry).
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The address that the response came from. None over a Unix socket.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.0.endpoints().peer
    }

    /// What came after the body, when it has been read.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.0.trailers()
    }

    /// This response, unless its status says that the client (4xx) or the server (5xx) has failed.
    pub fn error_for_status(self) -> Result<Self, Error> {
        let status = self.status();
        if status.is_client_error() || status.is_server_error() {
            return Err(Error::status_of(self.url(), status));
        }
        Ok(self)
    }

    /// The next piece of the body, decoded, as it comes from the server; none at its end.
    ///
    /// What is not read stays with the server: nothing is read ahead.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.0.data().await.transpose();
        piece.map_err(|error| Error::http(self.url().as_str(), error))
    }

    /// All of the body. For one that may not fit into memory, use [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// All of the body as text. It is taken for UTF-8; bytes that are not become U+FFFD.
    pub async fn text(self) -> Result<String, Error> {
        let bytes = self.bytes().await?;
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("url", self.url())
            .field("status", &self.status())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}
