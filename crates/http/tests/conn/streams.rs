//! How many requests an HTTP/2 server takes at a time, and when it says something else.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;

use http::Request;
use rondel_http::RequestBody;
use rondel_http::conn::{Connection, Limits, Settings, Spares};

use crate::bench::{Bench, poll};
use crate::frames::{END_HEADERS, END_STREAM, HEADERS, OK, begun, frame, goaway, open, streams};
use crate::pipe::pipe;

type Http = Connection<Bench>;

/// How often the connection says that it has more room.
fn calls(http: &Http) -> Rc<Cell<usize>> {
    let calls = Rc::new(Cell::new(0));
    let count = Rc::clone(&calls);
    http.when_roomier(Rc::new(move || count.set(count.get() + 1)));
    calls
}

/// A request on a handle of its own.
fn ask(http: &Http) -> Http {
    let mut handle = http.share().unwrap();
    handle.send(Request::builder().uri("/").header("host", "a.test").body(RequestBody::Empty).unwrap(), false);
    handle
}

/// The status of its answer.
fn status(bench: &Bench, handle: &mut Http) -> u16 {
    bench.wait(poll_fn(|cx| handle.poll_head(cx))).unwrap().status().as_u16()
}

#[test]
fn more_room_is_told() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 1);
    let calls = calls(&http);
    let _one = http.share().unwrap();
    for (most, told, idle) in [(1, 0, false), (3, 1, true), (2, 1, true), (0, 1, false), (1, 2, false), (2, 3, true)] {
        server.send(streams(most));
        bench.run();
        assert_eq!((calls.get(), http.is_idle()), (told, idle), "{most} streams");
    }
}

#[test]
fn what_comes_before_the_first_look_is_told() {
    let bench = Bench::default();
    let (io, server) = pipe(Some(b"h2"));
    server.send(streams(1000));
    let http = bench.wait(Http::open(&bench, io, &Settings::default(), &Spares::new(Limits::default()))).unwrap();
    let calls = calls(&http);
    bench.run();
    assert_eq!(calls.get(), 1);
}

#[test]
fn requests_beyond_a_lowered_limit_wait_for_their_turn() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 3);
    let mut handles = [ask(&http), ask(&http), ask(&http)];
    server.send(streams(1)); // before it has seen them
    bench.run();
    loop {
        let begun = begun(&server);
        if begun.is_empty() {
            break;
        }
        for stream in begun {
            server.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK));
        }
        bench.run();
    }
    for handle in &mut handles {
        assert_eq!(status(&bench, handle), 200);
    }
    drop(handles);
    assert!(http.is_idle());
}

#[test]
fn a_server_that_takes_none_is_waited_for() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 0);
    assert!(!http.is_idle() && !http.is_closed());
    let (mut one, two) = (ask(&http), ask(&http));
    bench.run();
    assert_eq!(begun(&server), []);
    drop(two); // given up before it was sent
    server.send(streams(1));
    bench.run();
    let stream = begun(&server)[0];
    server.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK));
    assert_eq!(status(&bench, &mut one), 200);
}

#[test]
fn what_waits_at_a_goaway_was_not_sent() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 1);
    let (mut sent, mut waiting, mut last) = (ask(&http), ask(&http), ask(&http));
    bench.run();
    let stream = begun(&server)[0];
    server.send(goaway(stream));
    bench.run();
    assert!(http.is_closed());
    for handle in [&mut waiting, &mut last] {
        let unanswered = bench.wait(poll_fn(|cx| handle.poll_head(cx))).unwrap_err();
        assert!(unanswered.untouched || unanswered.silent, "{}", unanswered.error);
    }
    assert!(poll(|cx| sent.poll_head(cx)).is_pending(), "it is still worked on");
    server.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK));
    assert_eq!(status(&bench, &mut sent), 200);
}
