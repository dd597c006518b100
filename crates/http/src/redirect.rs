//! Where a redirect leads, and what is left of the request on the way (RFC 9110, 15.4).

use http::header::LOCATION;
use http::{HeaderMap, HeaderName, Method};

use crate::error::Error;
use crate::url::Target;

/// What servers said before `Location` was in every standard.
const URI: HeaderName = HeaderName::from_static("uri");

/// Whether redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// They are answers like others.
    Stop,
    /// They are, but the `max`-th of a request is an error, [`TooManyRedirects`](crate::Kind::TooManyRedirects).
    Follow {
        /// 0: as many as come.
        max: usize,
    },
}

impl Default for Redirect {
    /// Nine; the tenth is too many.
    fn default() -> Self {
        Self::Follow { max: 10 }
    }
}

/// The next request.
#[derive(Clone, Debug)]
pub struct Hop {
    /// With which method.
    pub method: Method,
    /// For what.
    pub url: Target,
    /// Whether it sends the body again that the last one had.
    pub keep_body: bool,
    /// Whether scheme, host and port are the same, so that what is secret may be sent there too.
    pub same_origin: bool,
}

impl Hop {
    /// Where an answer of `status` leads that was got for `method` and `url`. None: it is no redirect, or does not say
    /// where to.
    ///
    /// Errors: [`Kind::InvalidRedirect`](crate::Kind::InvalidRedirect),
    /// [`Kind::RedirectNotHttp`](crate::Kind::RedirectNotHttp).
    pub fn after(method: &Method, status: u16, headers: &HeaderMap, url: &Target) -> Result<Option<Self>, Error> {
        if !is_redirect(status) {
            return Ok(None);
        }
        let told = |name: HeaderName| {
            headers.get(name).map(http::HeaderValue::as_bytes).filter(|location| !location.is_empty())
        };
        told(LOCATION).or_else(|| told(URI)).map(|location| Self::to(method, status, location, url)).transpose()
    }

    /// As [`after`](Self::after), for a `status` that is a redirect's, with its `Location`.
    pub fn to(method: &Method, status: u16, location: &[u8], url: &Target) -> Result<Self, Error> {
        let next = url.join(location)?;
        let same_origin = url.same_origin(&next);
        // The first two turn a POST into a GET by nothing but custom; 303 says so, but a HEAD stays one.
        let to_get = match status {
            303 => method != Method::HEAD,
            301 | 302 => method == Method::POST,
            _ => false,
        };
        let method = if to_get { Method::GET } else { method.clone() };
        Ok(Self { method, url: next, keep_body: !to_get, same_origin })
    }
}

/// Whether `status` is one of those that lead elsewhere by `Location`.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::error::Kind;

    fn from() -> Target {
        Target::parse_lenient("http://example.org:8000/one/two?three").unwrap()
    }

    fn hop(method: &Method, status: u16, location: &str) -> Hop {
        Hop::to(method, status, location.as_bytes(), &from()).unwrap()
    }

    #[test]
    fn methods_and_bodies() {
        let table = [
            (301, Method::GET, Method::GET, true),
            (301, Method::POST, Method::GET, false),
            (301, Method::PUT, Method::PUT, true),
            (301, Method::HEAD, Method::HEAD, true),
            (302, Method::POST, Method::GET, false),
            (302, Method::DELETE, Method::DELETE, true),
            (303, Method::GET, Method::GET, false),
            (303, Method::POST, Method::GET, false),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (307, Method::POST, Method::POST, true),
            (307, Method::GET, Method::GET, true),
            (308, Method::POST, Method::POST, true),
            (308, Method::PATCH, Method::PATCH, true),
        ];
        for (status, method, then, keep_body) in table {
            let hop = hop(&method, status, "/");
            assert_eq!((&hop.method, hop.keep_body), (&then, keep_body), "{status} {method}");
        }
    }

    #[test]
    fn origins() {
        let same = |location| hop(&Method::GET, 302, location).same_origin;
        assert!(same("/four") && same("four") && same("?four") && same("//example.org:8000/"));
        assert!(same("http://EXAMPLE.org:8000/four"));
        assert!(!same("http://example.org/four"), "another port");
        assert!(!same("https://example.org:8000/four"), "another scheme");
        assert!(!same("//example.com:8000/four"), "another host");
        assert!(!same("http://sub.example.org:8000/four"));
    }

    #[test]
    fn where_to() {
        let url = |location| hop(&Method::GET, 302, location).url.as_str().to_owned();
        assert_eq!(url("four"), "http://example.org:8000/one/four");
        assert_eq!(url("../four?five#six"), "http://example.org:8000/four?five#six");
        assert_eq!(url("https://other.example/"), "https://other.example/");
    }

    #[test]
    fn which_answers() {
        let mut headers = HeaderMap::new();
        let after = |status, headers: &HeaderMap| Hop::after(&Method::GET, status, headers, &from()).unwrap();
        assert!(after(302, &headers).is_none(), "nowhere to go");
        headers.insert(URI, HeaderValue::from_static("/old"));
        assert_eq!(after(302, &headers).unwrap().url.path_and_query(), "/old");
        headers.insert(LOCATION, HeaderValue::from_static("/new"));
        assert_eq!(after(302, &headers).unwrap().url.path_and_query(), "/new");
        for status in [200, 201, 300, 304, 305, 306, 404] {
            assert!(after(status, &headers).is_none(), "{status}");
        }
    }

    #[test]
    fn away_from_http() {
        let kind = |location: &str| {
            let error = Hop::to(&Method::GET, 302, location.as_bytes(), &from()).unwrap_err();
            error.kind().clone()
        };
        assert!(matches!(kind("ftp://example.org/"), Kind::RedirectNotHttp(_)));
        assert!(matches!(kind("http://"), Kind::InvalidRedirect(_)));
        assert!(matches!(kind("http://example.org:99999/"), Kind::InvalidRedirect(_)));
    }
}
