//! Requests with bodies: sent beside the answer, held back, and given up.

use std::task::{Context, Poll};

use bytes::Bytes;
use rondel_http::{BodySender, Kind, RequestBody, channel};

use crate::bench::{Bench, Calls, now, poll};
use crate::http1::{Http, open, read, request};
use crate::pipe::Server;

const SECOND: u64 = 1_000_000_000;

/// A connection whose request has a body that comes through the channel.
fn uploading(bench: &Bench, length: Option<u64>) -> (Http, Server, BodySender) {
    let (mut http, server) = open(bench);
    let (sender, body) = channel(1 << 16, length);
    http.send(request("POST", body), false);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    (http, server, sender)
}

fn piece(bytes: &'static str) -> Bytes {
    Bytes::from_static(bytes.as_bytes())
}

#[test]
fn a_body_is_sent_as_it_is_made() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, None);
    assert!(server.received().contains("Transfer-Encoding: chunked\r\n"));
    sender.try_send(piece("one")).unwrap();
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "3\r\none\r\n");
    sender.finish();
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "0\r\n\r\n");
    server.send("HTTP/1.1 204 None\r\n\r\n");
    drop(now(|cx| http.poll_head(cx)).unwrap());
    assert!(http.is_idle());
    assert_eq!(bench.run(), 0, "no task was needed");
}

#[test]
fn the_rest_is_sent_while_nobody_reads() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, Some(6));
    sender.try_send(piece("one")).unwrap();
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    let mut body = now(|cx| http.poll_head(cx)).unwrap().into_body();
    assert_eq!(bench.run(), 1);
    sender.try_send(piece("two")).unwrap();
    sender.finish();
    assert_eq!(bench.run(), 0);
    assert!(server.received().ends_with("\r\n\r\nonetwo"));
    // And the answer is read as ever.
    let (waker, calls) = Calls::new();
    assert!(http.poll_frame(&mut Context::from_waker(&waker), &mut body).is_pending());
    server.send("ok");
    assert_eq!(calls.count(), 1);
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"ok".to_vec(), true));
    assert!(http.is_idle());
}

#[test]
fn a_reader_goes_on_when_the_task_has_ended() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, None);
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    let mut body = now(|cx| http.poll_head(cx)).unwrap().into_body();
    assert_eq!(bench.run(), 1);
    let (waker, calls) = Calls::new();
    assert!(http.poll_frame(&mut Context::from_waker(&waker), &mut body).is_pending());
    sender.finish();
    assert_eq!(bench.run(), 0);
    assert!(calls.count() > 0, "the task leaves the connection to the reader");
    assert!(http.poll_frame(&mut Context::from_waker(&waker), &mut body).is_pending());
    let before = calls.count();
    server.send("late");
    assert!(calls.count() > before);
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"late".to_vec(), true));
}

#[test]
fn an_answer_that_is_read_waits_for_the_rest_of_the_request() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, None);
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    drop(now(|cx| http.poll_head(cx)).unwrap());
    assert!(!http.is_idle() && !http.is_closed());
    assert!(poll(|cx| http.poll_ready(cx)).is_pending());
    sender.finish();
    bench.run();
    assert_eq!(poll(|cx| http.poll_ready(cx)), Poll::Ready(true));
}

#[test]
fn nobody_sends_for_a_connection_that_is_gone() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, None);
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    let head = now(|cx| http.poll_head(cx)).unwrap();
    assert_eq!(bench.run(), 1);
    drop(http);
    assert_eq!(bench.run(), 0);
    assert!(server.is_left());
    assert!(!sender.is_open());
    drop(head);
}

#[test]
fn a_body_that_fails_is_the_reason() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, None);
    sender.fail("the file is gone");
    let unanswered = now(|cx| http.poll_head(cx)).unwrap_err();
    assert_eq!(unanswered.error.kind(), &Kind::Body);
    assert!(server.is_left());

    // As well when the head was there.
    let (mut http, server, sender) = uploading(&bench, None);
    server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    let mut body = now(|cx| http.poll_head(cx)).unwrap().into_body();
    sender.fail("the file is gone");
    let error = read(&mut http, &mut body).unwrap_err();
    assert_eq!(error.kind(), &Kind::Body);
}

#[test]
fn a_server_that_answers_and_closes_is_heard() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, Some(1_000_000));
    server.send("HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\nconnection: close\r\n\r\nless");
    server.reset();
    sender.try_send(Bytes::from(vec![b'x'; 1000])).unwrap();
    let (head, mut body) = now(|cx| http.poll_head(cx)).unwrap().into_parts();
    assert_eq!(head.status, 413);
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"less".to_vec(), true));
    assert!(!http.is_idle());
}

#[test]
fn a_server_that_closes_without_an_answer_is_not() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, Some(1_000_000));
    server.reset();
    sender.try_send(Bytes::from(vec![b'x'; 1000])).unwrap();
    let unanswered = now(|cx| http.poll_head(cx)).unwrap_err();
    assert_eq!(unanswered.error.kind(), &Kind::Io);
}

#[test]
fn a_slow_server_slows_the_body_down() {
    let bench = Bench::default();
    let (mut http, server, sender) = uploading(&bench, Some(10_000_000));
    server.received();
    server.room(1000);
    let mut put = 0;
    for _ in 0..10_000 {
        if poll(|cx| sender.poll_ready(cx)).is_pending() {
            break;
        }
        sender.try_send(Bytes::from(vec![b'x'; 1000])).unwrap();
        put += 1000;
        assert!(poll(|cx| http.poll_head(cx)).is_pending());
    }
    assert!(put < 4_000_000, "{put} bytes wait");
}

/// A request that waits for the server to want its body.
fn holding(bench: &Bench) -> (Http, Server) {
    let (mut http, server) = open(bench);
    let mut request = request("PUT", RequestBody::Whole(piece("hello")));
    request.headers_mut().insert("expect", "100-continue".parse().unwrap());
    http.send(request, true);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert!(server.received().ends_with("\r\n\r\n"));
    (http, server)
}

#[test]
fn a_body_waits_until_it_is_wanted() {
    let bench = Bench::default();
    let (mut http, server) = holding(&bench);
    server.send("HTTP/1.1 102 Processing\r\n\r\n");
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "");
    server.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "hello");
    server.send("HTTP/1.1 204 None\r\n\r\n");
    drop(now(|cx| http.poll_head(cx)).unwrap());
    assert!(http.is_idle());
}

#[test]
fn a_body_does_not_wait_for_ever() {
    let bench = Bench::default();
    let (mut http, server) = holding(&bench);
    bench.pass(SECOND - 1);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "");
    bench.pass(1);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    assert_eq!(server.received(), "hello");
}

#[test]
fn a_body_that_is_not_wanted_is_not_sent() {
    let bench = Bench::default();
    let (mut http, server) = holding(&bench);
    server.send("HTTP/1.1 417 No\r\ncontent-length: 2\r\n\r\nno");
    let (head, mut body) = now(|cx| http.poll_head(cx)).unwrap().into_parts();
    assert_eq!(head.status, 417);
    bench.pass(2 * SECOND);
    assert_eq!(read(&mut http, &mut body).unwrap(), (b"no".to_vec(), true));
    assert_eq!(server.received(), "");
    assert!(http.is_closed(), "the server waits for a body that will not come");
    assert_eq!(bench.run(), 0);
}

#[test]
fn nothing_to_send_is_not_waited_for() {
    let bench = Bench::default();
    let (mut http, server) = open(&bench);
    http.send(request("PUT", RequestBody::Empty), true);
    assert!(poll(|cx| http.poll_head(cx)).is_pending());
    server.send("HTTP/1.1 204 None\r\n\r\n");
    drop(now(|cx| http.poll_head(cx)).unwrap());
    assert!(http.is_idle());
}
