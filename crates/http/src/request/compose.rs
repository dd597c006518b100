//! The request as the connection takes it: its first line, and its headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST,
    PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};

use super::Options;
use crate::body::RequestBody;
use crate::connect::Route;
use crate::error::{Error, Kind};
use crate::url::Target;

/// Methods whose requests need not say that they have no body.
const BODILESS: [Method; 4] = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];

/// What a connection is to be given, and what of it depends on the connection.
pub(super) struct Draft<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Target,
    pub(super) headers: &'a HeaderMap,
    pub(super) options: &'a Options,
    /// That of the connection: HTTP/1.1 or HTTP/2.
    pub(super) version: Version,
    /// Whether the connection is kept for other requests.
    pub(super) keep: bool,
}

impl Draft<'_> {
    /// Errors: [`Kind::Body`] for headers that contradict the body, [`Kind::Cookies`], [`Kind::InvalidUrl`].
    pub(super) fn finish(&self, body: RequestBody) -> Result<Request<RequestBody>, Error> {
        let headers = self.headers(&body)?;
        let uri = self.uri()?;
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        *request.version_mut() = self.spoken();
        Ok(request)
    }

    /// Whether the body waits for the server's word: as the options want, or the user's own header.
    pub(super) fn expects_continue(&self, body: &RequestBody) -> bool {
        let told =
            || self.headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        !matches!(body, RequestBody::Empty) && (self.options.expect_continue || told())
    }

    fn is_http2(&self) -> bool {
        self.version == Version::HTTP_2
    }

    fn spoken(&self) -> Version {
        if !self.is_http2() && self.options.version == Version::HTTP_10 { Version::HTTP_10 } else { self.version }
    }

    /// The route, if it leads to a proxy that reads this request itself, as it is not in a tunnel.
    fn forward(&self) -> Option<&Route> {
        self.options.route.as_deref().filter(|route| route.is_forward(self.url))
    }

    fn uri(&self) -> Result<Uri, Error> {
        if self.is_http2() {
            return with_host(self.url.absolute_uri()?, self.headers.get(HOST));
        }
        if self.forward().is_some() { self.url.absolute_uri() } else { Ok(self.url.uri()) }
    }

    /// `Host` first, as servers like it, then the user's in their order, then what is missing.
    fn headers(&self, body: &RequestBody) -> Result<HeaderMap, Error> {
        let mut all = HeaderMap::try_with_capacity(self.headers.len() + 3).map_err(too_many)?;
        if !self.is_http2() {
            // HTTP/2 has it in a pseudo-header.
            let host = self.headers.get(HOST).cloned().unwrap_or_else(|| self.url.host_header());
            all.try_append(HOST, host).map_err(too_many)?;
        }
        for (name, value) in self.headers {
            if name != HOST && name != EXPECT {
                all.try_append(name, value.clone()).map_err(too_many)?;
            }
        }
        if let Some(option) = self.connection_option() {
            all.try_append(CONNECTION, HeaderValue::from_static(option)).map_err(too_many)?;
        }
        self.add_cookies(&mut all)?;
        for (name, value) in self.forward().into_iter().flat_map(Route::proxy_headers) {
            all.try_append(name, value.clone()).map_err(too_many)?;
        }
        if self.expects_continue(body) {
            all.try_append(EXPECT, HeaderValue::from_static("100-continue")).map_err(too_many)?;
        }
        self.frame(&mut all, body)?;
        Ok(all)
    }

    /// What is said of the time after the answer, where it is not what the version has it (RFC 9112, 9.3).
    fn connection_option(&self) -> Option<&'static str> {
        if self.is_http2() || self.headers.contains_key(CONNECTION) {
            return None;
        }
        match (self.spoken() == Version::HTTP_10, self.keep) {
            (true, true) => Some("keep-alive"),
            (false, false) => Some("close"),
            (true, false) | (false, true) => None,
        }
    }

    /// One `Cookie` header (RFC 6265, 5.4): the user's own, and what the store has for this URL.
    fn add_cookies(&self, all: &mut HeaderMap) -> Result<(), Error> {
        let Some(cookies) = &self.options.cookies else { return Ok(()) };
        let stored = cookies.header_for(self.url).map_err(|error| Error::from_source(Kind::Cookies, error))?;
        let Some(stored) = stored else { return Ok(()) };
        let both = match all.get(COOKIE) {
            None => stored,
            Some(own) => {
                let both = [own.as_bytes(), b"; ", stored.as_bytes()].concat();
                HeaderValue::from_maybe_shared(bytes::Bytes::from(both)).unwrap_or(stored)
            }
        };
        all.try_insert(COOKIE, both).map(drop).map_err(too_many)
    }

    /// Where the body ends (RFC 9112, 6): what hyper does not say by itself, and what would be a lie.
    fn frame(&self, all: &mut HeaderMap, body: &RequestBody) -> Result<(), Error> {
        let declared = all.get(CONTENT_LENGTH).cloned();
        let length = body.length();
        if let (Some(declared), Some(length)) = (&declared, length)
            && declared.to_str().ok().and_then(|text| text.trim().parse().ok()) != Some(length)
        {
            let why = format!("Content-Length is {declared:?}, but the body has {length} bytes");
            return Err(Error::from_source(Kind::Body, why));
        }
        let unframed = declared.is_none() && !all.contains_key(TRANSFER_ENCODING);
        match length {
            Some(0) if declared.is_none() => {
                // hyper frames no body that is empty.
                all.remove(TRANSFER_ENCODING);
                if !BODILESS.contains(self.method) {
                    all.try_append(CONTENT_LENGTH, HeaderValue::from_static("0")).map_err(too_many)?;
                }
            }
            None if declared.is_none() && self.spoken() == Version::HTTP_10 => {
                let why = "HTTP/1.0 can't send a body of unknown length: say how long it is, in Content-Length";
                return Err(Error::from_source(Kind::Body, why));
            }
            // hyper takes a GET with such a body for one without.
            None if unframed && self.spoken() == Version::HTTP_11 => {
                all.try_append(TRANSFER_ENCODING, HeaderValue::from_static("chunked")).map_err(too_many)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The value of `Authorization: Basic`, or `Proxy-Authorization` (RFC 7617), for a URL that has a user in it.
pub fn basic_authorization(url: &Target) -> Option<HeaderValue> {
    let (user, password) = url.userinfo()?;
    let encoded = STANDARD.encode(format!("{user}:{}", password.unwrap_or_default()));
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(format!("Basic {encoded}"))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What is not for the eyes of another server, or not true of it.
pub(super) fn strip_for_other_origin(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST] {
        headers.remove(name);
    }
}

/// What is not true of a request whose body is gone.
pub(super) fn strip_body(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, TRANSFER_ENCODING, EXPECT] {
        headers.remove(name);
    }
}

/// HTTP/2 has the host in the URI.
fn with_host(uri: Uri, host: Option<&HeaderValue>) -> Result<Uri, Error> {
    let Some(host) = host else { return Ok(uri) };
    let invalid = || Error::new(Kind::InvalidUrl(format!("{uri} with the header Host: {host:?}")));
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| invalid())?;
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).map_err(|_| invalid())
}

fn too_many<E>(_: E) -> Error {
    Error::from_source(Kind::Body, "a request can't have that many headers")
}

#[cfg(test)]
mod tests;
