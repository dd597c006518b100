//! Heads: of a request without a body, as it goes over the wire, and of an answer, as it is kept.

use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Version};

use crate::body::RequestBody;

/// Whether [`encode`] does all that hyper would do for `request`: it has no body, and says nothing of the connection.
pub(super) fn is_plain(request: &Request<RequestBody>) -> bool {
    let headers = request.headers();
    matches!(request.body(), RequestBody::Empty)
        && request.version() == Version::HTTP_11
        && request.method() != Method::CONNECT
        && !headers.contains_key(CONNECTION)
        && !headers.contains_key(TRANSFER_ENCODING)
}

/// Appends `request`, which [is plain](is_plain), to `head`: byte for byte what hyper would send.
pub(super) fn encode(request: &Request<RequestBody>, head: &mut Vec<u8>) {
    let uri = request.uri();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    if let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) {
        head.extend_from_slice(scheme.as_bytes());
        head.extend_from_slice(b"://");
        head.extend_from_slice(authority.as_str().as_bytes());
    }
    head.extend_from_slice(uri.path().as_bytes());
    if let Some(query) = uri.query() {
        head.push(b'?');
        head.extend_from_slice(query.as_bytes());
    }
    head.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        let start = head.len();
        head.extend_from_slice(name.as_str().as_bytes());
        title_case(&mut head[start..]);
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
}

/// As everybody writes the names of fields, and some servers want them.
fn title_case(name: &mut [u8]) {
    let mut before = b'-';
    for byte in name {
        if before == b'-' {
            byte.make_ascii_uppercase();
        }
        before = *byte;
    }
}

/// Moves the values of `headers`, which lie in the buffer that they were received in, to memory of their own size.
pub(super) fn detach(headers: &mut HeaderMap) {
    let length = headers.values().map(HeaderValue::len).sum();
    let mut own = Vec::with_capacity(length);
    headers.values().for_each(|value| own.extend_from_slice(value.as_bytes()));
    let mut own = Bytes::from(own);
    for value in headers.values_mut() {
        // It was taken for a value before.
        if let Ok(mut copy) = HeaderValue::from_maybe_shared(own.split_to(value.len())) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::Future;
    use std::io;
    use std::pin::{Pin, pin};
    use std::rc::Rc;
    use std::task::{Context, Poll, Waker};

    use http::header::HeaderName;
    use hyper::client::conn::http1::Builder;
    use hyper::rt::{Read, ReadBufCursor, Write};
    use proptest::prelude::*;

    use super::*;

    /// Takes what is written.
    struct Paper(Rc<RefCell<Vec<u8>>>);

    impl Read for Paper {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl Write for Paper {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            self.0.borrow_mut().extend_from_slice(data);
            Poll::Ready(Ok(data.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// What hyper sends for `request`.
    fn by_hyper(request: Request<RequestBody>) -> Vec<u8> {
        let paper = Rc::default();
        let mut builder = Builder::new();
        builder.title_case_headers(true);
        let mut cx = Context::from_waker(Waker::noop());
        let made = pin!(builder.handshake(Paper(Rc::clone(&paper)))).poll(&mut cx);
        let Poll::Ready(Ok((mut sender, mut connection))) = made else { panic!("hyper waits") };
        let _answer = sender.try_send_request(request);
        assert!(connection.poll_without_shutdown(&mut cx).is_pending());
        paper.take()
    }

    fn request(method: &str, uri: &str, fields: &[(String, Vec<u8>)]) -> Request<RequestBody> {
        let mut request = Request::builder().method(method).uri(uri).body(RequestBody::Empty).unwrap();
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        request
    }

    proptest! {
        #[test]
        fn as_hyper_writes_it(
            method in prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("OPTIONS"), Just("PROPFIND")],
            uri in prop_oneof![
                Just("*".to_owned()),
                "/[a-z0-9/%.~;=-]{0,20}([?][a-z0-9&=?/]{0,20})?",
                "https?://(user:pass@)?[a-z]{1,9}(:[1-9][0-9]{0,3})?(/[a-z]{0,9})?([?][a-z=]{0,9})?",
                "[?][a-z=]{1,9}",
            ],
            fields in prop::collection::vec(
                ("(host|accept|content-length|x-[a-z0-9-]{1,9}|-[a-z_-]{1,5}-|te|cookie)", "[ -~\u{80}-\u{ff}]{0,30}"),
                0..9,
            ),
        ) {
            let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
            let Ok(valid) = uri.parse::<http::Uri>() else { return Ok(()) };
            prop_assume!(valid.scheme().is_some() || valid.authority().is_none());
            let plain = request(method, &uri, &fields);
            prop_assert!(is_plain(&plain));
            let mut head = Vec::new();
            encode(&plain, &mut head);
            let expected = by_hyper(request(method, &uri, &fields));
            prop_assert_eq!(String::from_utf8_lossy(&head), String::from_utf8_lossy(&expected));
        }

        #[test]
        fn values_stay_what_they_are(fields in prop::collection::vec(("[a-c]", "[ -~\u{80}-\u{ff}]{0,9}"), 0..9)) {
            let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
            let before = request("GET", "/", &fields).headers().clone();
            let mut after = before.clone();
            detach(&mut after);
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn hyper_sends_what_has_to_do_with_the_connection() {
        for fields in [("connection", "close"), ("transfer-encoding", "chunked")] {
            assert!(!is_plain(&request("GET", "/", &[(fields.0.to_owned(), fields.1.into())])), "{fields:?}");
        }
        assert!(!is_plain(&request("CONNECT", "example.com:443", &[])));
        assert!(!is_plain(&request("POST", "/", &[]).map(|_| RequestBody::Whole(Bytes::from_static(b"1")))));
        let mut old = request("GET", "/", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert!(!is_plain(&old));
    }
}
