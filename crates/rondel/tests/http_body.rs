//! The HTTP client: bodies that are sent piece by piece, and bodies that come so; and how long that may take.

mod server;

use std::future::poll_fn;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use rondel::http::{Bytes, Client, Error, Kind, Phase, Refused, Retry, Timeouts, channel};
use server::{Server, ok};

fn with_client<F: Future<Output = Result<(), Error>>>(test: impl FnOnce(Client) -> F) {
    rondel::run(async { test(Client::new()).await }).unwrap().unwrap();
}

/// A limit where nothing is to happen before it.
const SHORT: Duration = Duration::from_millis(20);

/// A limit that a server can keep, at first.
const FAIR: Duration = Duration::from_millis(700);

const NO_LIMIT: Timeouts =
    Timeouts { total: None, connect: None, sock_connect: None, sock_read: None, ceil_threshold: Duration::ZERO };

fn phase(error: &Error) -> Option<Phase> {
    match error.kind() {
        Some(Kind::Timeout(phase, _)) => Some(*phase),
        _ => None,
    }
}

#[test]
fn pieces_are_sent_as_they_come() {
    let server = Server::answering(|request| ok(request.text()));
    with_client(async |client| {
        for length in [None, Some(10)] {
            let (sender, body) = channel(4, length);
            let producer = rondel::spawn(async move {
                for piece in ["he", "llo ", "body"] {
                    poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
                    sender.try_send(Bytes::from_static(piece.as_bytes())).unwrap();
                    rondel::yield_now().await;
                }
                sender.finish();
            });
            assert_eq!(client.post(&server.url("/")).stream(body).await?.text().await?, "hello body");
            producer.await.unwrap();
        }
        Ok(())
    });
    let requests = server.requests();
    assert_eq!(requests[0].header("transfer-encoding"), Some("chunked"));
    assert_eq!(requests[1].header("content-length"), Some("10"));
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_server_that_does_not_read_stops_the_producer() {
    let (tell, told) = mpsc::channel();
    let told = Mutex::new(told);
    let server = Server::start(move |peer| {
        let _head = peer.head();
        told.lock().unwrap().recv().unwrap();
        let mut total = 0;
        while let Some(chunk) = peer.chunk().filter(|chunk| !chunk.is_empty()) {
            total += chunk.len();
        }
        peer.send(&ok(&total.to_string()));
    });
    with_client(async |client| {
        let (sender, body) = channel(64 * 1024, None);
        let producer = rondel::spawn(async move {
            let piece = Bytes::from(vec![7; 64 * 1024]);
            let mut stops = 0;
            // Far more than sockets hold.
            for _ in 0..1000 {
                if rondel::timeout(SHORT, poll_fn(|cx| sender.poll_ready(cx))).await.is_err() {
                    stops += 1;
                    tell.send(()).unwrap();
                    poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
                }
                sender.try_send(piece.clone()).unwrap();
            }
            sender.finish();
            stops
        });
        let answer = client.post(&server.url("/")).stream(body).await?.text().await?;
        assert_eq!(answer, (1000 * 64 * 1024).to_string());
        assert!(producer.await.unwrap() > 0);
        Ok(())
    });
}

#[test]
fn half_a_body_is_none() {
    let server = Server::start(|peer| {
        assert!(peer.request().is_none(), "the server takes it for whole");
    });
    with_client(async |client| {
        let (sender, body) = channel(100, None);
        sender.try_send(Bytes::from_static(b"half")).unwrap();
        let sending = rondel::spawn(client.post(&server.url("/")).stream(body).send());
        rondel::yield_now().await;
        sender.fail("the disk is gone");
        let error = sending.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), Some(&Kind::Body));
        assert!(error.to_string().contains("the disk is gone"), "{error}");

        let (sender, body) = channel(100, Some(9));
        sender.try_send(Bytes::from_static(b"half")).unwrap();
        sender.finish();
        let error = client.post(&server.url("/")).retry(Retry::default()).stream(body).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Some(&Kind::Body), 1));
        Ok(())
    });
}

#[test]
fn a_cancelled_upload_is_told() {
    let server = Server::start(|peer| drop(peer.request()));
    with_client(async |client| {
        let (sender, body) = channel(100, None);
        let sending = rondel::spawn(client.post(&server.url("/")).stream(body).send());
        rondel::yield_now().await;
        sending.cancel();
        assert!(sending.await.is_err());
        assert_eq!(sender.try_send(Bytes::from_static(b"late")), Err(Refused::Gone));
        Ok(())
    });
}

#[test]
fn the_server_is_asked_first() {
    let server = Server::start(|peer| {
        let head = peer.head().unwrap();
        assert_eq!(head.header("expect"), Some("100-continue"));
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        let request = peer.body(head).unwrap();
        peer.send(&ok(request.text()));
        let head = peer.head().unwrap();
        assert_eq!(head.header("content-length"), Some("5"));
        peer.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(peer.rest(), b"", "the body was sent all the same");
    });
    with_client(async |client| {
        let (sender, body) = channel(10, None);
        let asking = rondel::spawn(client.post(&server.url("/")).expect_continue().stream(body).send());
        rondel::yield_now().await;
        sender.try_send(Bytes::from_static(b"asked")).unwrap();
        sender.finish();
        assert_eq!(asking.await.unwrap()?.text().await?, "asked");
        let refused = client.post(&server.url("/")).expect_continue().body("large").await?;
        assert_eq!(refused.status(), 417);
        Ok(())
    });
}

#[test]
fn an_answer_before_the_end_of_the_request() {
    let server = Server::start(|peer| {
        let _head = peer.head();
        peer.send(&ok("enough"));
        peer.wait_for_close();
    });
    with_client(async |client| {
        let (sender, body) = channel(10, None);
        let response = client.post(&server.url("/")).stream(body).await?;
        assert_eq!(response.text().await?, "enough");
        drop(sender);
        Ok(())
    });
}

#[test]
fn large_bodies_come_in_pieces() {
    let server = Server::start(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        let piece = vec![7; 100_000];
        (0..1000).for_each(|_| peer.send(&piece));
    });
    with_client(async |client| {
        let mut response = client.get(&server.url("/")).await?;
        let mut length = 0;
        while let Some(piece) = response.chunk().await? {
            assert!(piece.len() <= 1 << 20, "{} bytes at once", piece.len());
            assert!(piece.iter().all(|&byte| byte == 7));
            length += piece.len();
        }
        assert_eq!(length, 100_000_000);
        Ok(())
    });
}

#[test]
fn half_an_answer_is_an_error() {
    let halves = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfour\r\nhalf\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
    ];
    let server = Server::start(move |peer| {
        peer.request();
        peer.send(halves[peer.number]);
    });
    with_client(async |client| {
        for half in halves {
            let error = client.get(&server.url("/")).await?.bytes().await.unwrap_err();
            assert!(matches!(error.kind(), Some(Kind::Payload(_))), "{half}: {error}");
        }
        Ok(())
    });
}

#[test]
fn malformed_heads() {
    let heads = ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 OK\r\n\r\n"];
    let server = Server::start(move |peer| {
        peer.request();
        peer.send(heads[peer.number]);
    });
    with_client(async |client| {
        for head in heads {
            let error = client.get(&server.url("/")).await.unwrap_err();
            assert!(matches!(error.kind(), Some(Kind::Malformed(_))), "{head}: {error}");
        }
        Ok(())
    });
}

#[test]
fn silence_before_the_head() {
    let server = Server::start(|peer| {
        peer.request();
        peer.wait_for_close();
    });
    with_client(async |client| {
        let error = client.get(&server.url("/")).timeout(SHORT).await.unwrap_err();
        assert_eq!(phase(&error), Some(Phase::Total));
        assert!(error.is_timeout() && !error.is_connect());
        assert!(error.to_string().contains("longer than 0.02 s"), "{error}");
        let timeouts = Timeouts { sock_read: Some(SHORT), ..NO_LIMIT };
        let error = client.get(&server.url("/")).timeouts(timeouts).await.unwrap_err();
        assert_eq!(phase(&error), Some(Phase::SockRead));
        Ok(())
    });
}

#[test]
fn silence_in_the_body() {
    let server = Server::start(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf");
        peer.wait_for_close();
    });
    with_client(async |client| {
        for (timeouts, expected) in [
            (Timeouts { total: Some(FAIR), ..NO_LIMIT }, Phase::Total),
            (Timeouts { sock_read: Some(FAIR), ..NO_LIMIT }, Phase::SockRead),
        ] {
            // The first piece may come with the head, or by itself.
            let response = client.get(&server.url("/")).timeouts(timeouts).await?;
            assert_eq!(phase(&response.bytes().await.unwrap_err()), Some(expected));
        }
        Ok(())
    });
}

#[test]
fn no_free_place() {
    let server = Server::start(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf");
        peer.wait_for_close();
    });
    with_client(async |_| {
        let client = Client::builder().limit(1).build();
        let holder = client.get(&server.url("/")).await?;
        let timeouts = Timeouts { connect: Some(SHORT), ..NO_LIMIT };
        let error = client.get(&server.url("/")).timeouts(timeouts).await.unwrap_err();
        assert_eq!(phase(&error), Some(Phase::Connect));
        assert!(error.is_connect() && error.is_timeout());
        drop(holder);
        client.get(&server.url("/")).await?;
        Ok(())
    });
    assert_eq!(server.connections(), 2);
}
