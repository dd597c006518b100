//! Tunnels through HTTP proxies (RFC 9110, 9.3.6).

use std::future::poll_fn;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use hyper::ext::ReasonPhrase;

use super::{Http1, Settings, Spares};
use crate::body::RequestBody;
use crate::error::{Error, Kind};
use crate::io::Io;
use crate::runtime::Runtime;

/// Asks the proxy at the other end of `io` for a tunnel to `authority` (`host:port`, an IPv6 address in brackets), with
/// `headers` for the proxy alone (`Proxy-Authorization`). What is given carries the bytes to and from there.
///
/// Errors: [`Kind::Proxy`] with the status and its reason when the proxy refuses; [`Kind::Malformed`],
/// [`Kind::Disconnected`] and [`Kind::Io`] when it does not even do that.
pub async fn tunnel<R: Runtime>(
    runtime: &R,
    io: Io<R>,
    authority: &str,
    headers: HeaderMap,
    settings: &Settings,
) -> Result<Io<R>, Error> {
    let mut connection = Http1::open(runtime, io, settings, &Spares::new(settings.limits));
    connection.send(connect(authority, headers)?, false);
    let answer = poll_fn(|cx| connection.poll_head(cx)).await.map_err(|unanswered| unanswered.error)?;
    if !answer.status().is_success() {
        let reason = match answer.extensions().get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => answer.status().canonical_reason().unwrap_or_default().to_owned(),
        };
        let (parts, _) = answer.into_parts();
        return Err(Error::new(Kind::Proxy(parts.status.as_u16(), reason, parts.headers)));
    }
    match connection.into_upgrade().map(super::Upgraded::into_parts) {
        Some((io, early)) if early.is_empty() => Ok(io),
        _ => Err(Error::new(Kind::Malformed("the proxy speaks before the server is asked".to_owned()))),
    }
}

fn connect(authority: &str, headers: HeaderMap) -> Result<Request<RequestBody>, Error> {
    let unusable = || Error::new(Kind::InvalidUrl(authority.to_owned()));
    let uri = Uri::try_from(authority).map_err(|_| unusable())?;
    let host = HeaderValue::try_from(authority).map_err(|_| unusable())?;
    let mut request = Request::new(RequestBody::Empty);
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_alone_is_what_is_asked_for() {
        for authority in ["example.com:443", "[::1]:8443", "127.0.0.1:80"] {
            let request = connect(authority, HeaderMap::new()).unwrap();
            assert_eq!(request.uri().to_string(), authority);
            assert_eq!(request.headers()[HOST], authority);
        }
        assert!(connect("exa mple:443", HeaderMap::new()).is_err());
    }
}
