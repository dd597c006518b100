//! Servers that break the rules, or the connection: what the caller hears.

use std::future::poll_fn;
use std::task::Poll;

use rondel_http::Kind;
use rondel_http::conn::{Limits, Settings, Unanswered};

use crate::bench::{Bench, now, poll};
use crate::http1::{answered, get, open, open_with, read};
use crate::pipe::Server;

/// How the connection is lost.
type Loss = fn(&Server);

/// What is heard when the server sends `answer`, and then the connection is lost.
fn lost(answer: &str, loss: Loss) -> Unanswered {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    http.send(get(), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    server.send(answer);
    loss(&server);
    let unanswered = now(|cx| http.poll_head(cx)).unwrap_err();
    assert!(http.is_closed() && !http.is_idle() && server.is_left());
    unanswered
}

#[test]
fn a_connection_that_ends_before_the_request_gives_it_back() {
    let bench = Bench::default();
    for used in [false, true] {
        let (mut http, server) = if used {
            let (http, server, head) = answered(&bench, "HTTP/1.1 204 None\r\n\r\n");
            drop(head);
            (http, server)
        } else {
            open(&bench)
        };
        server.end();
        http.send(get(), false);
        let unanswered = now(|cx| http.poll_head(cx)).unwrap_err();
        assert_eq!(unanswered.error.kind(), &Kind::Disconnected);
        assert!(unanswered.untouched && unanswered.silent);
        let request = unanswered.request.unwrap();
        assert_eq!(request.uri(), "/path?query");
        assert_eq!(request.headers()["host"], "example.com");
    }
}

#[test]
fn a_connection_that_ends_before_the_answer() {
    let unanswered = lost("", Server::end);
    assert_eq!(unanswered.error.kind(), &Kind::Disconnected);
    assert!(unanswered.silent && !unanswered.untouched && unanswered.request.is_none());

    let unanswered = lost("", Server::reset);
    assert_eq!(unanswered.error.kind(), &Kind::Io);
    assert!(unanswered.error.io().is_some());
    assert!(unanswered.silent && !unanswered.untouched);
}

#[test]
fn a_connection_that_ends_within_the_head() {
    let unanswered = lost("HTTP/1.1 200 OK\r\ncontent-le", Server::end);
    assert_eq!(unanswered.error.kind(), &Kind::Disconnected);
    assert!(!unanswered.silent && !unanswered.untouched);

    let unanswered = lost("HTTP/1.1 200 OK\r\ncontent-le", Server::reset);
    assert_eq!(unanswered.error.kind(), &Kind::Io);
    assert!(!unanswered.silent);
}

#[test]
fn heads_that_are_none() {
    let bench = Bench::default();
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nspace : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname\r\n\r\n",
        "HTTP/1.1 200 OK\r\nna\0me: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nname: x\0y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early\r\n\r\nnonsense\r\n\r\n",
    ] {
        let (http, server, head) = answered(&bench, answer);
        let unanswered = head.expect_err(answer);
        assert!(matches!(unanswered.error.kind(), Kind::Malformed(_)), "{answer:?}: {}", unanswered.error);
        assert!(!unanswered.untouched && !unanswered.silent && unanswered.request.is_none());
        assert!(http.is_closed() && server.is_left());
    }
}

#[test]
fn lengths_that_agree_are_one() {
    let bench = Bench::default();
    for length in ["content-length: 5, 5", "content-length: 5\r\ncontent-length: 5"] {
        let (mut http, _server, head) = answered(&bench, format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\nhello"));
        let mut body = head.unwrap().into_body();
        assert_eq!(read(&mut http, &mut body).unwrap(), (b"hello".to_vec(), true));
        assert!(http.is_idle());
    }
}

#[test]
fn a_server_that_speaks_first_speaks_no_http() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    server.send("220 mail.example.com ESMTP\r\n");
    http.send(get(), false);
    let unanswered = now(|cx| http.poll_head(cx)).unwrap_err();
    assert!(matches!(unanswered.error.kind(), Kind::Malformed(_)), "{}", unanswered.error);
    assert!(unanswered.request.is_some());
}

#[test]
fn heads_beyond_the_limits() {
    let bench = Bench::default();
    let limits = Limits { line: 30, field: 20, fields: 2 };
    for (answer, good) in [
        ("HTTP/1.1 200 Fifteen bytes..\r\n\r\n", true),
        ("HTTP/1.1 200 Sixteen bytes...\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nname: 12345678901234567890\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nname: 123456789012345678901\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\na-name-that-is-too-long: x\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\na: 3\r\n\r\n", false),
    ] {
        let (mut http, server) = open_with(&bench, &Settings { limits, ..Settings::default() });
        http.send(get(), false);
        assert!(poll(|cx| http.poll_head(cx)).is_pending());
        server.send(answer);
        match now(|cx| http.poll_head(cx)) {
            Ok(_) => assert!(good, "{answer:?}"),
            Err(unanswered) => {
                assert!(!good, "{answer:?}");
                assert!(matches!(unanswered.error.kind(), Kind::Malformed(_)), "{}", unanswered.error);
            }
        }
    }
}

#[test]
fn bodies_that_end_too_early() {
    let bench = Bench::default();
    for head in ["content-length: 10", "transfer-encoding: chunked"] {
        for loss in [Server::end as Loss, Server::reset] {
            let (mut http, server, answer) = answered(&bench, format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"));
            let mut body = answer.unwrap().into_body();
            server.send("5\r\nhello");
            loss(&server);
            let error = read(&mut http, &mut body).unwrap_err();
            assert!(matches!(error.kind(), Kind::Payload(_)), "{head}: {error}");
            assert!(http.is_closed() && server.is_left());
        }
    }
    // Where the end of the connection is the end of the body, a failure is not.
    let (mut http, server, answer) = answered(&bench, "HTTP/1.1 200 OK\r\n\r\nhello");
    let mut body = answer.unwrap().into_body();
    server.reset();
    let error = read(&mut http, &mut body).unwrap_err();
    assert!(matches!(error.kind(), Kind::Payload(_)), "{error}");
}

#[test]
fn chunks_that_are_none() {
    let bench = Bench::default();
    for chunks in [
        "\r\n",
        "x\r\n",
        "-5\r\nhello\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n",
        "5;ext=\n\r\nhello\r\n",
        "0\r\nbad trailer\r\n\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
        let (mut http, server, head) = answered(&bench, answer);
        let mut body = head.unwrap().into_body();
        let error = read(&mut http, &mut body).expect_err(chunks);
        assert!(matches!(error.kind(), Kind::Payload(_)), "{chunks:?}: {error}");
        assert!(http.is_closed() && server.is_left());
    }
}

#[test]
fn interim_answers_without_end_are_cut_off() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    http.send(get(), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    let flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000);
    let mut sent = 0;
    let unanswered = bench.wait(poll_fn(|cx| {
        if server.unread() < 1_000_000 {
            server.send(&flood);
            sent += flood.len();
        }
        http.poll_head(cx)
    }));
    let error = unanswered.unwrap_err().error;
    assert!(matches!(error.kind(), Kind::Malformed(_)), "{error}");
    assert!(sent < 16_000_000, "after {sent} bytes");
}

#[test]
fn the_size_of_a_chunk_has_an_end() {
    let bench = Bench::default();
    let (mut http, server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut body = head.unwrap().into_body();
    let zeros = "0".repeat(1_000_000);
    let mut sent = 0;
    let frame = bench.wait(poll_fn(|cx| {
        if server.unread() < 1_000_000 {
            server.send(&zeros);
            sent += zeros.len();
        }
        http.poll_frame(cx, &mut body)
    }));
    let error = frame.unwrap().unwrap_err();
    assert!(matches!(error.kind(), Kind::Payload(_)), "{error}");
    assert!(sent < 16_000_000, "after {sent} bytes");
}

#[test]
fn others_get_their_turn() {
    let bench = Bench::default();
    let (mut http, server, head) = answered(&bench, "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
    let mut body = head.unwrap().into_body();
    let mut taken = 0;
    // A server that is always faster: a reader that takes all there is comes to an end nevertheless.
    loop {
        if server.unread() < 1_000_000 {
            server.send(vec![b'x'; 1_000_000]);
        }
        match poll(|cx| http.poll_frame(cx, &mut body)) {
            Poll::Ready(Some(frame)) => taken += frame.unwrap().into_data().unwrap().len(),
            Poll::Ready(None) => panic!("the body has ended"),
            Poll::Pending => break,
        }
    }
    assert!(taken < 4_000_000, "{taken} bytes at once");
}
