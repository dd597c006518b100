use std::rc::Rc;

use bytes::Bytes;
use http::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::body::channel;
use crate::cookies::{CookieError, CookieStore};

/// A store with one cookie for everybody.
struct Always(&'static str);

impl CookieStore for Always {
    fn header_for(&self, _: &Target) -> Result<Option<HeaderValue>, CookieError> {
        Ok(Some(HeaderValue::from_static(self.0)))
    }

    fn store(&self, _: &Target, _: &HeaderMap) -> Result<(), CookieError> {
        Ok(())
    }
}

struct Case {
    method: Method,
    url: Target,
    headers: HeaderMap,
    options: Options,
    version: Version,
    keep: bool,
}

impl Case {
    fn new(method: Method) -> Self {
        let url = Target::parse_lenient("http://example.org:81/a?b#c").unwrap();
        let (headers, options) = (HeaderMap::new(), Options::default());
        Self { method, url, headers, options, version: Version::HTTP_11, keep: true }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.append(name, HeaderValue::from_static(value));
        self
    }

    fn draft(&self) -> Draft<'_> {
        let Self { method, url, headers, options, version, keep } = self;
        Draft { method, url, headers, options, version: *version, keep: *keep }
    }

    /// Its headers, one a line.
    fn lines(&self, body: RequestBody) -> Vec<String> {
        lines(self.draft().finish(body).unwrap().headers())
    }
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

fn whole(text: &'static str) -> RequestBody {
    RequestBody::from(Bytes::from_static(text.as_bytes()))
}

#[test]
fn the_host_stands_first_and_the_rest_in_order() {
    let case = Case::new(Method::GET).header("x-two", "2").header("accept", "*/*").header("x-two", "3");
    assert_eq!(case.lines(RequestBody::Empty)[0], "host: example.org:81");
    let own = Case::new(Method::GET).header("accept", "*/*").header("host", "other");
    assert_eq!(own.lines(RequestBody::Empty), ["host: other", "accept: */*"]);
}

#[test]
fn the_first_line() {
    let request = Case::new(Method::PATCH).draft().finish(RequestBody::Empty).unwrap();
    assert_eq!((request.method(), request.version()), (&Method::PATCH, Version::HTTP_11));
    assert_eq!(request.uri(), "/a?b");
    let mut old = Case::new(Method::GET);
    old.options.version = Version::HTTP_10;
    assert_eq!(old.draft().finish(RequestBody::Empty).unwrap().version(), Version::HTTP_10);
}

#[test]
fn http2_has_the_host_in_the_uri() {
    let mut case = Case::new(Method::GET);
    case.version = Version::HTTP_2;
    let request = case.draft().finish(RequestBody::Empty).unwrap();
    assert_eq!(request.uri(), "http://example.org:81/a?b");
    assert!(request.headers().is_empty());
    let case = case.header("host", "other:82");
    assert_eq!(case.draft().finish(RequestBody::Empty).unwrap().uri(), "http://other:82/a?b");
    let case = Case { headers: HeaderMap::new(), ..case }.header("host", "not a host");
    let error = case.draft().finish(RequestBody::Empty).unwrap_err();
    assert!(matches!(error.kind(), Kind::InvalidUrl(_)));
}

#[test]
fn what_has_no_body_says_so_where_it_matters() {
    for method in BODILESS {
        assert_eq!(Case::new(method).lines(RequestBody::Empty).len(), 1);
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(Case::new(method).lines(RequestBody::Empty)[1], "content-length: 0");
    }
}

#[test]
fn unknown_lengths_are_chunked() {
    for method in [Method::GET, Method::POST] {
        let (_sender, body) = channel(1, None);
        assert_eq!(Case::new(method).lines(body)[1], "transfer-encoding: chunked");
    }
    let (_sender, body) = channel(1, None);
    assert_eq!(Case::new(Method::POST).header("content-length", "5").lines(body)[1], "content-length: 5");
    let (_sender, body) = channel(1, Some(7));
    assert_eq!(Case::new(Method::POST).lines(body).len(), 1, "hyper adds the length that it knows");
    let mut old = Case::new(Method::POST);
    old.options.version = Version::HTTP_10;
    let (_sender, body) = channel(1, None);
    assert_eq!(*old.draft().finish(body).unwrap_err().kind(), Kind::Body);
}

#[test]
fn a_length_that_is_not_the_bodys_is_refused() {
    for (length, body) in [("4", whole("hello")), ("five", whole("hello")), ("1", RequestBody::Empty)] {
        let error = Case::new(Method::POST).header("content-length", length).draft().finish(body).unwrap_err();
        assert_eq!(*error.kind(), Kind::Body);
        assert!(error.to_string().contains(length), "{error}");
    }
    assert_eq!(Case::new(Method::POST).header("content-length", "5").lines(whole("hello"))[1], "content-length: 5");
}

#[test]
fn the_body_waits_if_there_is_one() {
    let mut case = Case::new(Method::POST);
    case.options.expect_continue = true;
    assert_eq!(case.lines(whole("hello"))[1], "expect: 100-continue");
    assert!(case.draft().expects_continue(&whole("hello")));
    assert!(!case.draft().expects_continue(&RequestBody::Empty));
    assert_eq!(case.lines(RequestBody::Empty)[1], "content-length: 0");
    let told = Case::new(Method::POST).header("expect", "100-Continue");
    assert!(told.draft().expects_continue(&whole("hello")));
}

#[test]
fn whether_the_connection_is_kept() {
    let mut case = Case::new(Method::GET);
    case.keep = false;
    assert_eq!(case.lines(RequestBody::Empty)[1], "connection: close");
    case.options.version = Version::HTTP_10;
    assert_eq!(case.lines(RequestBody::Empty).len(), 1);
    case.keep = true;
    assert_eq!(case.lines(RequestBody::Empty)[1], "connection: keep-alive");
    let case = case.header("connection", "x");
    assert_eq!(case.lines(RequestBody::Empty)[1..], ["connection: x"]);
}

#[test]
fn cookies_are_one_header() {
    let mut case = Case::new(Method::GET);
    case.options.cookies = Some(Rc::new(Always("b=2; c=3")));
    assert_eq!(case.lines(RequestBody::Empty)[1], "cookie: b=2; c=3");
    let case = case.header("cookie", "a=1");
    assert_eq!(case.lines(RequestBody::Empty)[1], "cookie: a=1; b=2; c=3");
}

#[test]
fn users_and_passwords() {
    let basic = |url| basic_authorization(&Target::parse_lenient(url).unwrap());
    // The example of RFC 7617, 2.
    let value = basic("http://Aladdin:open%20sesame@example.org/").unwrap();
    assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(value.is_sensitive());
    assert_eq!(basic("http://user@example.org/").unwrap(), "Basic dXNlcjo=");
    assert_eq!(basic("http://example.org/"), None);
}

#[test]
fn what_is_left_for_others() {
    let mut headers = Case::new(Method::GET)
        .header("authorization", "secret")
        .header("cookie", "secret")
        .header("cookie", "more")
        .header("proxy-authorization", "secret")
        .header("host", "here")
        .header("accept", "*/*")
        .headers;
    strip_for_other_origin(&mut headers);
    assert_eq!(lines(&headers), ["accept: */*"]);
    let mut headers = Case::new(Method::POST)
        .header("content-length", "1")
        .header("content-type", "text/plain")
        .header("content-encoding", "gzip")
        .header("transfer-encoding", "chunked")
        .header("expect", "100-continue")
        .header("accept", "*/*")
        .headers;
    strip_body(&mut headers);
    assert_eq!(lines(&headers), ["accept: */*"]);
}

proptest! {
    #[test]
    fn no_header_of_the_users_is_lost(names in prop::collection::vec("x-[a-z]{1,3}", 0..40)) {
        let mut case = Case::new(Method::GET);
        for (index, name) in names.iter().enumerate() {
            let name = HeaderName::try_from(name.as_str()).unwrap();
            case.headers.append(name, HeaderValue::from(index));
        }
        let sent = case.draft().finish(RequestBody::Empty).unwrap();
        prop_assert_eq!(sent.headers().len(), names.len() + 1);
        for name in case.headers.keys() {
            let values = |headers: &HeaderMap| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
            prop_assert_eq!(values(&case.headers), values(sent.headers()));
        }
    }
}
