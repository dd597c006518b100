//! Long bodies, which are received past hyper.

use std::mem::MaybeUninit;
use std::task::Poll;

use proptest::prelude::*;
use rondel_http::conn::Body;
use rondel_http::{Error, Kind};

use crate::bench::{Bench, now, poll};
use crate::http1::{Http, answered, get, open, read};
use crate::pipe::Server;

const LONG: usize = 300_000;

fn head(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {LONG}\r\n{fields}\r\n")
}

fn body() -> Vec<u8> {
    (0..LONG).map(|number| u8::try_from(number % 251).unwrap()).collect()
}

/// Reads what has come, in pieces of `room` bytes.
fn read_into(http: &mut Http, body: &Body, room: usize) -> Result<Vec<u8>, Error> {
    let mut data = Vec::new();
    while body.past().is_some_and(|rest| rest != 0) {
        let mut memory = vec![MaybeUninit::new(0xaa); room];
        let Poll::Ready(filled) = poll(|cx| http.poll_into(cx, &mut memory)) else { break };
        let filled = filled?;
        assert!((1..=room).contains(&filled));
        data.extend(std::iter::repeat_n(0, filled));
    }
    Ok(data)
}

fn long(bench: &Bench, fields: &str) -> (Http, Server, Body) {
    let (http, server, answer) = answered(bench, head(fields));
    let body = answer.unwrap().into_body();
    assert_eq!(body.past(), Some(LONG as u64));
    (http, server, body)
}

#[test]
fn the_connection_is_whole_behind_each() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    for round in 1..=3 {
        assert!(http.is_idle());
        http.send(get(), false);
        assert!(poll(|cx| http.poll_head(cx)).is_pending());
        assert_eq!(server.received(), "GET /path?query HTTP/1.1\r\nHost: example.com\r\n\r\n");
        server.send([head("").as_bytes(), &body()[..100]].concat());
        let mut answer = now(|cx| http.poll_head(cx)).unwrap().into_body();
        assert!(!http.is_idle() && !http.is_closed());
        assert_eq!((answer.past(), answer.length()), (None, Some(LONG as u64)));
        let (mut data, _) = read(&mut http, &mut answer).unwrap();
        assert_eq!((answer.past(), answer.length()), (Some(LONG as u64 - 100), Some(LONG as u64 - 100)));
        server.send(&body()[100..1000]);
        data.extend(read(&mut http, &mut answer).unwrap().0);
        assert_eq!(data, body()[..1000]);
        server.send(&body()[1000..]);
        assert_eq!(read_into(&mut http, &answer, 7000).unwrap().len(), LONG - 1000);
        assert!(answer.is_end_stream() && http.is_idle() && !http.is_closed());
        assert!(poll(|cx| http.poll_idle(cx)).is_pending());
        assert_eq!(http.served(), round);
    }
    server.end();
    assert!(poll(|cx| http.poll_idle(cx)).is_ready());
}

#[test]
fn short_ones_are_left_to_hyper() {
    let bench = Bench::default();
    let (mut http, _, answer) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    let mut answer = answer.unwrap().into_body();
    assert_eq!(answer.past(), None);
    assert_eq!(read(&mut http, &mut answer).unwrap(), (b"hello".to_vec(), true));
}

#[test]
fn one_that_is_cut_is_an_error() {
    let bench = Bench::default();
    for by_reset in [false, true] {
        for into in [false, true] {
            let (mut http, server, mut answer) = long(&bench, "");
            server.send(&body()[..LONG - 1]);
            if by_reset {
                server.reset();
            } else {
                server.end();
            }
            let error = if into {
                read_into(&mut http, &answer, 1000).unwrap_err()
            } else {
                read(&mut http, &mut answer).unwrap_err()
            };
            assert!(matches!(error.kind(), Kind::Payload(_)), "{error}");
            assert!(http.is_closed() && server.is_left());
        }
    }
}

#[test]
fn bytes_behind_it_end_the_connection() {
    let bench = Bench::default();
    let (mut http, server, mut answer) = long(&bench, "");
    server.send([&body()[..], b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"].concat());
    assert_eq!(read(&mut http, &mut answer).unwrap().0, body());
    let _ = poll(|cx| http.poll_ready(cx));
    assert!(http.is_closed());
}

#[test]
fn no_request_follows_where_the_server_closes() {
    let bench = Bench::default();
    for fields in ["connection: close\r\n", "connection: a, Close\r\n", "connection: a\r\nconnection: close\r\n"] {
        let (mut http, server, mut answer) = long(&bench, fields);
        server.send(body());
        assert_eq!(read(&mut http, &mut answer).unwrap().0, body());
        assert!(http.is_closed() && !http.is_idle() && server.is_left());
    }
}

#[test]
fn nor_where_the_request_has_said_so() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    let mut request = get();
    request.headers_mut().insert("connection", "close".parse().unwrap());
    http.send(request, false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    server.send([head("").as_bytes(), &body()].concat());
    let mut answer = now(|cx| http.poll_head(cx)).unwrap().into_body();
    assert_eq!(read(&mut http, &mut answer).unwrap().0, body());
    let _ = poll(|cx| http.poll_ready(cx));
    assert!(http.is_closed() && server.is_left());
}

#[test]
fn what_is_not_read_to_its_end_is_closed() {
    let bench = Bench::default();
    let (mut http, server, answer) = long(&bench, "");
    server.send(&body()[..1000]);
    assert!(poll(|cx| http.poll_ready(cx)).is_pending());
    drop(answer);
    assert_eq!(poll(|cx| http.poll_ready(cx)), Poll::Ready(false));
    assert!(server.is_left());
}

proptest! {
    #[test]
    fn pieces_make_the_whole(sizes in proptest::collection::vec(1_usize..120_000, 1..8)) {
        let bench = Bench::default();
        let (mut http, server) = open(&bench);
        let mut sizes = sizes.iter().copied().cycle();
        for _ in 0..2 {
            http.send(get(), false);
            prop_assert!(poll(|cx| http.poll_head(cx)).is_pending());
            let answer = [head("").as_bytes(), &body()].concat();
            let (mut rest, mut data, mut found) = (&answer[..], Vec::new(), None);
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                rest = after;
                server.send(piece);
                if found.is_none() && let Poll::Ready(head) = poll(|cx| http.poll_head(cx)) {
                    found = Some(head.unwrap().into_body());
                }
                if let Some(found) = &mut found && !found.is_end_stream() {
                    data.extend(read(&mut http, found).unwrap().0);
                }
            }
            prop_assert!(data == body());
            prop_assert!(http.is_idle());
        }
    }
}
