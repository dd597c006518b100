//! Requests in the form that HTTP/2 has for them.

use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Request, Uri, Version};

use crate::body::RequestBody;

/// `request` as HTTP/2 has it: scheme and authority are parts of its URI (RFC 9113, 8.3.1), and the authority is what a
/// field `Host` says.
pub(super) fn absolute(mut request: Request<RequestBody>, scheme: &Scheme) -> Request<RequestBody> {
    let host = request.headers_mut().remove(HOST);
    let uri = request.uri();
    let authority =
        host.and_then(|host| Authority::try_from(host.as_bytes()).ok()).or_else(|| uri.authority().cloned());
    let mut parts = Parts::default();
    parts.scheme = Some(scheme.clone());
    parts.authority = authority;
    parts.path_and_query = Some(uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
    // Without an authority it can't be sent; h2 says so.
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_2;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(target: &str, host: Option<&str>) -> String {
        let mut request = Request::builder().uri(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let request = absolute(request.body(RequestBody::Empty).unwrap(), &Scheme::HTTPS);
        assert!(!request.headers().contains_key(HOST));
        request.uri().to_string()
    }

    #[test]
    fn the_authority_is_what_host_says() {
        assert_eq!(uri("/a?b", Some("example.com:8443")), "https://example.com:8443/a?b");
        assert_eq!(uri("http://other/a", Some("example.com")), "https://example.com/a");
        assert_eq!(uri("https://other/a", None), "https://other/a");
        assert_eq!(uri("https://other/a", Some("not an authority")), "https://other/a");
    }
}
