//! HTTP/1.1: requests and their answers.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, Response};
use rondel_http::conn::{Body, Http1, Limits, Settings, Spares, Unanswered, tunnel};
use rondel_http::io::Receive;
use rondel_http::{Error, Kind, RequestBody, Runtime as _};

use crate::bench::{Bench, Calls, now, poll};
use crate::pipe::{Server, pipe};

pub type Http = Http1<Bench>;

/// A connection on which nothing has happened.
pub fn open(bench: &Bench) -> (Http, Server) {
    open_with(bench, &Settings::default())
}

pub fn open_with(bench: &Bench, settings: &Settings) -> (Http, Server) {
    let (io, server) = pipe(None);
    let http = Http::open(bench, io, settings, &Spares::new(settings.limits));
    (http, server)
}

pub fn get() -> Request<RequestBody> {
    request("GET", RequestBody::Empty)
}

pub fn request(method: &str, body: RequestBody) -> Request<RequestBody> {
    Request::builder().method(method).uri("/path?query").header("host", "example.com").body(body).unwrap()
}

/// A connection that has sent `request`, to which the server has answered `answer`.
pub fn answered(bench: &Bench, answer: impl AsRef<[u8]>) -> (Http, Server, Result<Response<Body>, Unanswered>) {
    let (mut http, server) = open(bench);
    http.send(get(), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    server.send(answer);
    let head = now(|cx| http.poll_head(cx));
    (http, server, head)
}

/// Lets the server answer as soon as it was asked.
fn answer_later(bench: &Bench, server: &Server, answer: &'static str) {
    let server = server.clone();
    bench.spawn(Box::pin(poll_fn(move |_| {
        if !server.is_asked() {
            return Poll::Pending;
        }
        server.send(answer);
        Poll::Ready(())
    })));
}

/// The data of `body`, as far as it has come; the error that it ended with, if it did.
pub fn read(http: &mut Http, body: &mut Body) -> Result<(Vec<u8>, bool), Error> {
    let mut data = Vec::new();
    loop {
        match poll(|cx| http.poll_frame(cx, body)) {
            Poll::Ready(Some(frame)) => {
                if let Ok(piece) = frame?.into_data() {
                    data.extend_from_slice(&piece);
                }
            }
            Poll::Ready(None) => return Ok((data, true)),
            Poll::Pending => return Ok((data, false)),
        }
    }
}

#[test]
fn a_request_is_answered_and_the_connection_is_free_again() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    for round in 1..=3 {
        assert!(http.is_idle() && !http.is_closed());
        http.send(get(), false);
        assert!(!http.is_idle());
        assert!(poll(|cx| http.poll_head(cx)).is_pending());
        assert_eq!(server.received(), "GET /path?query HTTP/1.1\r\nHost: example.com\r\n\r\n");
        server.send("HTTP/1.1 200 Fine\r\ncontent-length: 5\r\n\r\nhello");
        let (head, mut body) = now(|cx| http.poll_head(cx)).unwrap().into_parts();
        assert_eq!(head.status, 200);
        assert_eq!(body.length(), Some(5));
        assert_eq!(read(&mut http, &mut body).unwrap(), (b"hello".to_vec(), true));
        assert_eq!(http.served(), round);
    }
    assert!(http.is_idle());
    assert!(http.traffic() > 0);
    assert_eq!(bench.run(), 0, "it takes no task");
}

#[test]
fn an_answer_costs_one_wake() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    let (waker, calls) = Calls::new();
    http.send(get(), false);
    assert!(http.poll_head(&mut Context::from_waker(&waker)).is_pending());
    let before = calls.count();
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    assert_eq!(calls.count(), before + 1);
    let mut body = now(|cx| http.poll_head(cx)).unwrap().into_body();
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"ok".to_vec(), true));
}

#[test]
fn a_body_that_came_with_the_head_needs_no_connection() {
    let bench = Bench::default();
    let (http, _server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    let mut body = head.unwrap().into_body();
    assert!(http.is_idle());
    drop(http);
    let piece = now(|cx| body.poll_frame(cx)).unwrap().unwrap().into_data().unwrap();
    assert_eq!(piece, "hello");
    assert!(now(|cx| body.poll_frame(cx)).is_none());
}

#[test]
fn a_server_that_says_close_is_believed() {
    let bench = Bench::default();
    let (mut http, server, head) =
        answered(&bench, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
    let mut body = head.unwrap().into_body();
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"hello".to_vec(), true));
    assert!(http.is_closed() && !http.is_idle());
    assert!(server.is_left());
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let bench = Bench::default();
    let (mut http, server, head) = answered(&bench, "HTTP/1.1 200 OK\r\n\r\nhello");
    let mut body = head.unwrap().into_body();
    assert_eq!(body.length(), None);
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"hello".to_vec(), false));
    server.end();
    assert_eq!(read(&mut http, &mut body).unwrap(), (Vec::new(), true));
    assert!(http.is_closed());
}

#[test]
fn trailers_follow_the_body() {
    let bench = Bench::default();
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nsum: 7\r\n\r\n";
    let (mut http, _server, head) = answered(&bench, answer);
    let mut body = head.unwrap().into_body();
    let data = now(|cx| http.poll_frame(cx, &mut body)).unwrap().unwrap().into_data().unwrap();
    assert_eq!(data, "ab");
    let trailers = now(|cx| http.poll_frame(cx, &mut body)).unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers["sum"], "7");
    assert!(now(|cx| http.poll_frame(cx, &mut body)).is_none());
    assert!(http.is_idle());
}

#[test]
fn the_rest_of_a_small_body_that_nobody_wants_is_read_on_the_way() {
    let bench = Bench::default();
    let (mut http, _server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    drop(head);
    assert_eq!(poll(|cx| http.poll_ready(cx)), Poll::Ready(true));
}

#[test]
fn a_body_that_nobody_wants_closes_the_connection() {
    let bench = Bench::default();
    let (mut http, server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nhello");
    drop(head);
    assert_eq!(poll(|cx| http.poll_ready(cx)), Poll::Ready(false));
    assert!(server.is_left());
}

#[test]
fn a_request_given_up_closes_the_connection() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    http.send(get(), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    drop(http);
    assert!(server.is_left());
}

#[test]
fn what_nobody_reads_is_not_received() {
    let bench = Bench::default();
    let (mut http, server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n");
    let body = head.unwrap().into_body();
    server.send(vec![b'x'; 10_000_000]);
    for _ in 0..100 {
        assert!(poll(|cx| http.poll_ready(cx)).is_pending());
    }
    assert!(server.unread() > 9_000_000, "{} bytes are left", server.unread());
    drop(body);
}

#[test]
fn an_idle_connection_is_watched() {
    let bench = Bench::default();
    let ends: [fn(&Server); 3] = [Server::end, Server::reset, |server| server.send("HTTP/1.1 408 Late\r\n")];
    for end in ends {
        let (mut http, server, head) = answered(&bench, "HTTP/1.1 204 None\r\n\r\n");
        drop(head);
        let (waker, calls) = Calls::new();
        assert!(http.poll_idle(&mut Context::from_waker(&waker)).is_pending());
        assert!(http.is_idle());
        end(&server);
        assert_eq!(calls.count(), 1);
        assert!(http.poll_idle(&mut Context::from_waker(&waker)).is_ready());
        assert!(http.is_closed() && server.is_left());
    }
}

#[test]
fn bytes_behind_an_answer_are_no_answer() {
    let bench = Bench::default();
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 204 None\r\n\r\n"] {
        let (mut http, _server, head) = answered(&bench, format!("{answer}HTTP/1.1 200 Forged\r\n\r\n"));
        let mut body = head.unwrap().into_body();
        let (_, ended) = read(&mut http, &mut body).unwrap();
        assert!(ended && !http.is_idle() && http.is_closed());
    }
}

#[test]
fn an_upgrade_hands_the_bytes_over() {
    let bench = Bench::default();
    let answer = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nearly";
    let (http, server, head) = answered(&bench, answer);
    assert_eq!(head.unwrap().status(), 101);
    assert!(!http.is_idle());
    let mut upgraded = http.into_upgrade().unwrap();
    assert!(!server.is_left());
    server.send("later");
    let mut seen = Vec::new();
    for _ in 0..2 {
        now(|cx| upgraded.poll_receive(cx, 100, &mut |data| seen.extend_from_slice(data))).unwrap();
    }
    assert_eq!(seen, b"earlylater");
}

#[test]
fn without_upgrade_there_is_nothing_to_hand_over() {
    let bench = Bench::default();
    let (http, _server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    drop(head);
    assert!(http.into_upgrade().is_none());
}

#[test]
fn a_proxy_makes_a_tunnel() {
    let bench = Bench::default();
    let (io, server) = pipe(None);
    // A length that means nothing here.
    answer_later(&bench, &server, "HTTP/1.1 200 Established\r\ncontent-length: 7\r\n\r\n");
    let mut headers = HeaderMap::new();
    headers.insert("proxy-authorization", "Basic eDp5".parse().unwrap());
    let made = bench.wait(tunnel(&bench, io, "example.com:443", headers, &Settings::default()));
    assert!(made.is_ok());
    let request = server.received();
    assert!(request.starts_with("CONNECT example.com:443 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("Host: example.com:443\r\n") && request.contains("Proxy-Authorization: Basic eDp5\r\n"));
    assert!(!server.is_left());
}

#[test]
fn a_proxy_refuses_a_tunnel() {
    let bench = Bench::default();
    for (answer, status, reason, length) in [
        ("HTTP/1.1 407 Who are you?\r\ncontent-length: 0\r\n\r\n", 407, "Who are you?", "0"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\nforbidden", 403, "Forbidden", "9"),
    ] {
        let (io, server) = pipe(None);
        answer_later(&bench, &server, answer);
        let made = bench.wait(tunnel(&bench, io, "example.com:443", HeaderMap::new(), &Settings::default()));
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, length.parse().unwrap())]);
        let kind = Kind::Proxy(status, reason.to_owned(), headers);
        assert_eq!(made.err().map(|error| error.kind().clone()), Some(kind));
    }
}

#[test]
fn interim_answers_are_passed_over() {
    let bench = Bench::default();
    let answer = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Busy\r\n\r\nHTTP/1.1 204 None\r\n\r\n";
    let (_http, _server, head) = answered(&bench, answer);
    assert_eq!(head.unwrap().status(), 204);
}

#[test]
fn folded_lines_are_one() {
    let bench = Bench::default();
    let (_http, _server, head) = answered(&bench, "HTTP/1.1 204 None\r\nfolded: one\r\n   two\r\n\r\n");
    assert_eq!(head.unwrap().headers()["folded"], "one two");
}

#[test]
fn as_many_fields_as_the_limits_say() {
    let bench = Bench::default();
    let limits = Limits { fields: 300, ..Limits::default() };
    for (count, good) in [(300, true), (301, false)] {
        let (mut http, server) = open_with(&bench, &Settings { limits, ..Settings::default() });
        http.send(get(), false);
        assert!(poll(|cx| http.poll_head(cx)).is_pending());
        server.send("HTTP/1.1 204 None\r\n");
        for number in 0..count {
            server.send(format!("field-{number}: {}\r\n", "x".repeat(8000)));
        }
        server.send("\r\n");
        let head = bench.wait(poll_fn(|cx| http.poll_head(cx)));
        assert_eq!(head.is_ok(), good, "{count} fields");
    }
}

#[test]
fn a_whole_body_is_sent_with_its_length() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    http.send(request("POST", RequestBody::Whole(Bytes::from_static(b"hello"))), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    let sent = server.received();
    assert!(sent.contains("Content-Length: 5\r\n") && sent.ends_with("\r\n\r\nhello"), "{sent}");
}
