//! Connections that hand on what hyper has for them: nothing of one gets to another.

use std::task::Poll;

use bytes::Bytes;
use rondel_http::RequestBody;
use rondel_http::conn::{Limits, Settings, Spares};

use crate::bench::{Bench, now, poll};
use crate::http1::{Http, get, read, request};
use crate::pipe::{Server, pipe};

const GET: &str = "GET /path?query HTTP/1.1\r\nHost: example.com\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Two connections that share their spares.
fn two(bench: &Bench) -> [(Http, Server); 2] {
    let spares = Spares::new(Limits::default());
    [(); 2].map(|()| {
        let (io, server) = pipe(None);
        (Http::open(bench, io, &Settings::default(), &spares), server)
    })
}

fn ask(http: &mut Http) {
    http.send(get(), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
}

/// The body of the answer, after which nothing is under way.
fn answer(http: &mut Http) -> Vec<u8> {
    let mut body = now(|cx| http.poll_head(cx)).unwrap().into_body();
    let (data, whole) = read(http, &mut body).unwrap();
    assert!(whole);
    rest(http);
    data
}

/// As the pool does with those that nobody uses.
fn rest(http: &mut Http) {
    assert!(http.is_idle());
    assert!(poll(|cx| http.poll_idle(cx)).is_pending());
    assert!(http.is_idle());
}

/// Whether the next request through hyper, on a connection on which nothing is under way, is what it should be.
fn check(http: &mut Http, server: &Server) {
    http.send(request("POST", RequestBody::Whole(Bytes::from_static(b"data"))), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    let expected = "POST /path?query HTTP/1.1\r\nHost: example.com\r\ncontent-length: 4\r\n\r\ndata";
    assert_eq!(server.received().replace("Content-Length", "content-length"), expected);
    server.send(OK);
    assert_eq!(answer(http), b"ok");
}

#[test]
fn answers_come_to_those_who_asked() {
    let bench = Bench::default();
    let [(mut first, one), (mut second, two)] = two(&bench);
    for round in 0..5 {
        ask(&mut first);
        ask(&mut second);
        assert_eq!((one.received(), two.received()), (GET.to_owned(), GET.to_owned()));
        two.send(format!("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntwo{round}"));
        assert!(poll(|cx| first.poll_head(cx)).is_pending());
        assert_eq!(answer(&mut second), format!("two{round}").into_bytes());
        one.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
        let mut body = now(|cx| first.poll_head(cx)).unwrap().into_body();
        assert_eq!(read(&mut first, &mut body).unwrap(), (b"one".to_vec(), false));
        check(&mut second, &two); // while the other's answer is on its way
        one.send("0\r\n\r\n");
        assert_eq!(read(&mut first, &mut body).unwrap(), (Vec::new(), true));
        rest(&mut first);
        check(&mut first, &one);
    }
}

#[test]
fn what_was_asked_for_is_known() {
    let bench = Bench::default();
    let [(mut first, one), (mut second, two)] = two(&bench);
    first.send(request("HEAD", RequestBody::Empty), false);
    assert!(poll(|cx| first.poll_head(cx)).is_pending());
    ask(&mut second);
    one.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    assert_eq!(answer(&mut first), b"");
    two.send(OK);
    assert_eq!(answer(&mut second), b"ok");
}

#[test]
fn an_old_server_makes_no_other_old() {
    let bench = Bench::default();
    let [(mut first, one), (mut second, two)] = two(&bench);
    ask(&mut first);
    one.send("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok");
    assert_eq!(answer(&mut first), b"ok");
    check(&mut second, &two);
}

#[test]
fn a_head_that_the_system_takes_piece_by_piece_is_sent_whole() {
    let bench = Bench::default();
    for room in [0, 1, 10, 40] {
        let [(mut first, one), (mut second, two)] = two(&bench);
        one.room(room);
        ask(&mut first);
        let mut sent = one.received();
        one.room(7);
        while !sent.ends_with("\r\n\r\n") {
            assert!(poll(|cx| first.poll_head(cx)).is_pending());
            sent += &one.received();
        }
        assert_eq!(sent, GET);
        one.send(OK);
        assert_eq!(answer(&mut first), b"ok");
        check(&mut second, &two);
    }
}

#[test]
fn an_answer_before_the_end_of_the_request_keeps_the_rest_from_others() {
    let bench = Bench::default();
    let [(mut first, one), (mut second, two)] = two(&bench);
    one.room(10);
    ask(&mut first);
    one.send(OK);
    let mut body = now(|cx| first.poll_head(cx)).unwrap().into_body();
    assert_eq!(read(&mut first, &mut body).unwrap(), (b"ok".to_vec(), true));
    let _ = poll(|cx| first.poll_idle(cx));
    check(&mut second, &two);
    let mut sent = one.received();
    one.room(1000);
    let _ = poll(|cx| first.poll_idle(cx));
    bench.run();
    sent += &one.received();
    assert!(GET.starts_with(&sent), "{sent:?}");
}

#[test]
fn failures_stay_where_they_are() {
    let bench = Bench::default();
    let ends: [fn(&Server); 4] =
        [Server::end, Server::reset, |server| server.send("nonsense"), |server| server.send("HTTP/1.1 200 OK\r\nx")];
    for end in ends {
        let [(mut first, one), (mut second, two)] = two(&bench);
        ask(&mut first);
        ask(&mut second);
        end(&one);
        one.end();
        assert!(matches!(poll(|cx| first.poll_head(cx)), Poll::Ready(Err(_))));
        assert!(first.is_closed() && one.is_left());
        two.send(OK);
        assert_eq!(two.received(), GET);
        assert_eq!(answer(&mut second), b"ok");
        check(&mut second, &two);
    }
}
