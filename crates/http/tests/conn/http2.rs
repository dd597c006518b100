//! HTTP/2: many requests on one connection.

use std::future::{Future, poll_fn};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use rondel_http::conn::{Body, Connection, Limits, Settings, Spares};
use rondel_http::{Error, Kind, RequestBody, Runtime as _};

use crate::bench::{Bench, now, poll};
use crate::pipe::{Server, pipe};

type Http = Connection<Bench>;

/// Bytes of the large answer.
const LARGE: usize = 20 * 1024 * 1024;

/// Runs the server's futures among the others.
#[derive(Clone)]
struct Tasks(Bench);

impl<F: Future + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.spawn(Box::pin(async {
            future.await;
        }));
    }
}

/// What the server says: its own URI, or what the path asks for.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, &'static str> {
    match request.uri().path() {
        "/never" => std::future::pending().await,
        "/reset" => Err("reset"),
        "/large" => Ok(Response::new(Full::from(vec![b'x'; LARGE]))),
        _ => Ok(Response::new(Full::from(request.uri().to_string()))),
    }
}

/// A connection to a server that takes `streams` at once.
fn open(bench: &Bench, streams: u32) -> (Http, Server) {
    let (io, server) = pipe(Some(b"h2"));
    let mut builder = Builder::new(Tasks(bench.clone()));
    builder.max_concurrent_streams(streams);
    let serving = builder.serve_connection(server.clone(), service_fn(answer));
    bench.spawn(Box::pin(async {
        let _ = serving.await;
    }));
    let http = bench.wait(Connection::open(bench, io, &Settings::default(), &Spares::new(Limits::default()))).unwrap();
    bench.run();
    (http, server)
}

fn request(path: &str) -> Request<RequestBody> {
    Request::builder().uri(path).header("host", "example.com").body(RequestBody::Empty).unwrap()
}

fn head(bench: &Bench, http: &mut Http) -> Response<Body> {
    bench.wait(poll_fn(|cx| http.poll_head(cx))).unwrap()
}

fn read(bench: &Bench, http: &mut Http, mut body: Body) -> Result<Vec<u8>, Error> {
    let mut data = Vec::new();
    while let Some(frame) = bench.wait(poll_fn(|cx| http.poll_frame(cx, &mut body))) {
        if let Ok(piece) = frame?.into_data() {
            data.extend_from_slice(&piece);
        }
    }
    Ok(data)
}

#[test]
fn requests_share_a_connection() {
    let bench = Bench::default();
    let (http, _server) = open(&bench, 100);
    assert_eq!(http.version(), Version::HTTP_2);
    let mut handles: Vec<Http> = (0..10).map(|_| http.share().unwrap()).collect();
    for (number, handle) in handles.iter_mut().enumerate() {
        handle.send(request(&format!("/{number}")), false);
    }
    for (number, handle) in handles.iter_mut().enumerate().rev() {
        let answer = head(&bench, handle);
        assert_eq!(answer.version(), Version::HTTP_2);
        let data = read(&bench, handle, answer.into_body()).unwrap();
        assert_eq!(String::from_utf8(data).unwrap(), format!("https://example.com/{number}"));
    }
    assert_eq!(http.served(), 10);
    assert!(http.is_idle());
}

#[test]
fn requests_of_one_turn_leave_with_one_write() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 100);
    let mut handles: Vec<Http> = (0..10).map(|_| http.share().unwrap()).collect();
    let before = server.writes();
    for handle in &mut handles {
        handle.send(request("/never"), false);
        bench.poll_each(); // as what answers the one wakes the connection before the next is asked
    }
    assert_eq!(server.writes(), before);
    bench.run();
    assert_eq!(server.writes(), before + 1);
    assert_eq!(http.served(), 10);
}

#[test]
fn a_request_that_is_alone_leaves_at_once() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 100);
    let mut only = http.share().unwrap();
    let before = server.writes();
    only.send(request("/never"), false);
    bench.poll_each();
    assert_eq!(server.writes(), before + 1);
}

#[test]
fn the_server_says_how_many_at_once() {
    let bench = Bench::default();
    let (http, _server) = open(&bench, 2);
    assert!(http.is_idle());
    let one = http.share().unwrap();
    assert!(http.is_idle());
    let mut two = http.share().unwrap();
    assert!(!http.is_idle() && !http.is_closed());
    assert!(two.is_idle(), "its stream is its own");
    two.send(request("/"), false);
    let answer = head(&bench, &mut two);
    read(&bench, &mut two, answer.into_body()).unwrap();
    assert!(http.is_idle(), "a stream is free again");
    drop((one, two));
}

#[test]
fn a_request_given_up_ends_its_stream_alone() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 100);
    let mut lost = http.share().unwrap();
    let mut kept = http.share().unwrap();
    lost.send(request("/never"), false);
    kept.send(request("/"), false);
    bench.run();
    drop(lost);
    let answer = head(&bench, &mut kept);
    assert!(!read(&bench, &mut kept, answer.into_body()).unwrap().is_empty());
    assert!(http.is_idle() && !server.is_left());
}

#[test]
fn a_stream_that_the_server_resets_is_no_answer() {
    let bench = Bench::default();
    let (http, _server) = open(&bench, 100);
    let mut handle = http.share().unwrap();
    handle.send(request("/reset"), false);
    let unanswered = bench.wait(poll_fn(|cx| handle.poll_head(cx))).unwrap_err();
    assert_eq!(unanswered.error.kind(), &Kind::Disconnected, "{}", unanswered.error);
    assert!(!unanswered.untouched && !unanswered.silent);
    assert!(http.is_idle(), "the others go on");
}

#[test]
fn what_nobody_reads_is_not_received() {
    let bench = Bench::default();
    let (http, _server) = open(&bench, 100);
    let mut handle = http.share().unwrap();
    handle.send(request("/large"), false);
    let answer = head(&bench, &mut handle);
    for _ in 0..100 {
        bench.run();
    }
    assert!(http.traffic() < 5 * 1024 * 1024, "{} bytes", http.traffic());
    assert_eq!(read(&bench, &mut handle, answer.into_body()).unwrap().len(), LARGE);
}

#[test]
fn a_connection_that_ends_fails_its_requests_and_is_closed() {
    let bench = Bench::default();
    for reset in [false, true] {
        let (mut http, server) = open(&bench, 100);
        let mut waiting = http.share().unwrap();
        let mut reading = http.share().unwrap();
        waiting.send(request("/never"), false);
        reading.send(request("/large"), false);
        let answer = head(&bench, &mut reading);
        assert!(poll(|cx| http.poll_idle(cx)).is_pending());
        if reset {
            server.reset();
        } else {
            server.cut();
        }
        let unanswered = bench.wait(poll_fn(|cx| waiting.poll_head(cx))).unwrap_err();
        let expected = if reset { Kind::Io } else { Kind::Disconnected };
        assert_eq!(unanswered.error.kind(), &expected, "{}", unanswered.error);
        let error = read(&bench, &mut reading, answer.into_body()).unwrap_err();
        assert!(matches!(error.kind(), Kind::Payload(_)), "{error}");
        bench.run();
        now(|cx| http.poll_idle(cx));
        assert!(http.is_closed() && !http.is_idle());
        // A request all the same comes back.
        http.send(request("/"), false);
        let unanswered = bench.wait(poll_fn(|cx| http.poll_head(cx))).unwrap_err();
        assert_eq!(unanswered.error.kind(), &Kind::Disconnected);
        assert!(unanswered.untouched && unanswered.request.is_some());
    }
}

#[test]
fn with_the_last_handle_the_connection_ends() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 100);
    let handle = http.share().unwrap();
    drop(http);
    bench.run();
    assert!(!server.is_left());
    drop(handle);
    bench.run();
    assert!(server.is_left());
    assert_eq!(bench.run(), 0, "nothing is left of it");
}

#[test]
fn a_connection_that_cannot_say_goodbye_ends_too() {
    let bench = Bench::default();
    let (http, server) = open(&bench, 100);
    server.room(0);
    drop(http);
    bench.run();
    assert!(!server.is_left());
    bench.pass(3_000_000_000);
    bench.run();
    assert!(server.is_left());
}

#[test]
fn a_connection_that_has_been_silent_is_not_used_again() {
    let bench = Bench::default();
    for (seconds, closed) in [(1, false), (6, true)] {
        let (http, _server) = open(&bench, 100);
        let mut handle = http.share().unwrap();
        handle.send(request("/never"), false);
        bench.run();
        bench.pass(seconds * 1_000_000_000);
        drop(handle);
        assert_eq!(http.is_closed(), closed, "after {seconds} s");
    }
}

#[test]
fn prior_knowledge_needs_no_agreement() {
    let bench = Bench::default();
    for (alpn, version) in
        [(None, Version::HTTP_2), (Some(&b"h2"[..]), Version::HTTP_2), (Some(&b"http/1.1"[..]), Version::HTTP_11)]
    {
        let (io, _server) = pipe(alpn);
        let settings = Settings { prior_knowledge: true, ..Settings::default() };
        let http = bench.wait(Http::open(&bench, io, &settings, &Spares::new(Limits::default()))).unwrap();
        assert_eq!(http.version(), version);
        assert_eq!(http.endpoints().alpn.as_deref(), alpn);
        assert_eq!(http.share().is_some(), version == Version::HTTP_2);
    }
}
