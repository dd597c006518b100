//! The HTTP client: requests and responses.

mod server;

use std::error::Error as _;
use std::sync::Arc;

use rondel::http::{Client, Error, Kind, Method, Redirect, RequestBody, StatusCode, Version};
use rondel::sync::Event;
use server::{Server, answer, ok};

/// Runs `test` with a client.
fn with_client<F: Future<Output = Result<(), Error>>>(test: impl FnOnce(Client) -> F) {
    rondel::run(async { test(Client::new()).await }).unwrap().unwrap();
}

#[test]
fn a_request_and_its_response() {
    let server = Server::answering(|_| answer("299 Quite OK", &["X-Two: 1", "x-two: 2"], "hello"));
    let url = server.url("/path?query#fragment");
    with_client(async |client| {
        let response = client.get(&url).header("x-one", "1").await?;
        assert_eq!((response.status().as_u16(), response.version()), (299, Version::HTTP_11));
        assert_eq!(response.headers().get_all("x-two").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(response.url().as_str(), url);
        assert!(response.remote_addr().is_some());
        assert_eq!(response.text().await?, "hello");
        Ok(())
    });
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "GET /path?query HTTP/1.1");
    assert_eq!(request.headers[0], format!("host: {}", server.url("").trim_start_matches("http://")));
    assert_eq!(request.header("x-one"), Some("1"));
    assert_eq!(request.header("accept-encoding"), Some("gzip, deflate, br, zstd"));
    assert_eq!(request.header("content-length"), None);
}

#[test]
fn connections_are_kept() {
    let server = Server::answering(|request| ok(&request.line));
    with_client(async |client| {
        for number in 0..5 {
            let text = client.get(&server.url(&format!("/{number}"))).await?.text().await?;
            assert_eq!(text, format!("GET /{number} HTTP/1.1"));
        }
        Ok(())
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn methods_and_bodies() {
    let server = Server::answering(|_| ok(""));
    with_client(async |client| {
        client.post(&server.url("/")).body("body").await?;
        client.put(&server.url("/")).await?;
        client.patch(&server.url("/")).form([("name", "R&D"), ("of", "a b")]).await?;
        client.delete(&server.url("/")).await?;
        client.request(Method::from_bytes(b"PURGE").unwrap(), &server.url("/")).query([("a", "1"), ("b", "&")]).await?;
        client.get(&server.url("/?a=1#end")).query([("b", "2")]).query([("", ""); 0]).await?;
        Ok(())
    });
    let requests = server.requests();
    assert_eq!(server.lines(), ["POST /", "PUT /", "PATCH /", "DELETE /", "PURGE /?a=1&b=%26", "GET /?a=1&b=2"]);
    assert_eq!(requests[0].text(), "body");
    assert_eq!(requests[1].header("content-length"), Some("0"));
    assert_eq!(requests[2].text(), "name=R%26D&of=a+b");
    assert_eq!(requests[2].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(server.connections(), 1);
}

#[test]
fn responses_without_body() {
    let server = Server::answering(|request| match request.line.split(' ').next() {
        Some("HEAD") => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_owned(),
        Some("GET") => "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n".to_owned(),
        _ => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
    });
    with_client(async |client| {
        for (method, status) in [(Method::HEAD, 200), (Method::GET, 304), (Method::PUT, 204)] {
            let response = client.request(method, &server.url("/")).await?;
            assert_eq!(response.status(), status);
            assert_eq!(response.bytes().await?, "");
        }
        Ok(())
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn bodies_that_end_in_each_way() {
    let server = Server::start(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        peer.send("2;with=extension\r\n, \r\n5\r\nworld\r\n0\r\nX-Last: word\r\n\r\n");
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\n\r\nuntil it closes");
    });
    with_client(async |client| {
        let mut response = client.get(&server.url("/")).await?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await? {
            body.extend(piece);
        }
        assert_eq!(body, b"hello, world");
        assert_eq!(response.trailers().unwrap()["x-last"], "word");
        assert_eq!(client.get(&server.url("/")).await?.text().await?, "until it closes");
        Ok(())
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn compressed_bodies() {
    // What gzip(1) makes of "hello\n", with its time and name left out.
    const HELLO: [u8; 26] = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 2, 0, 0x20, 0x30, 0x3a, 0x36, 6, 0, 0,
        0,
    ];
    let server = Server::start(|peer| {
        while peer.request().is_some() {
            peer.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\n\r\n");
            peer.send(&HELLO);
        }
    });
    with_client(async |client| {
        let response = client.get(&server.url("/")).await?;
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert_eq!(response.text().await?, "hello\n");
        let raw = Client::builder().raw_bodies().build();
        assert_eq!(raw.get(&server.url("/")).await?.bytes().await?, &HELLO[..]);
        Ok(())
    });
    assert_eq!(server.requests()[1].header("accept-encoding"), None);
}

#[test]
fn statuses_as_errors() {
    let server = Server::answering(|request| {
        let status = request.line.split(['/', ' ']).nth(2).unwrap();
        answer(&format!("{status} Whatever"), &[], "")
    });
    with_client(async |client| {
        for status in ["200", "399", "600"] {
            client.get(&server.url(&format!("/{status}"))).await?.error_for_status()?;
        }
        let error = client.get(&server.url("/404")).await?.error_for_status().unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
        assert_eq!(error.to_string(), format!("{}: the server answers 404 Not Found", server.url("/404")));
        Ok(())
    });
}

#[test]
fn what_cannot_be_sent() {
    with_client(async |client| {
        for url in ["", "example.org", "http://", "http://exa mple/"] {
            let error = client.get(url).await.unwrap_err();
            assert!(matches!(error.kind(), Some(Kind::InvalidUrl(_))), "{error}");
        }
        let error = client.get("ftp://example.org/").await.unwrap_err();
        assert!(matches!(error.kind(), Some(Kind::NotHttp(_))), "{error}");
        let error = client.get("http://example.org/").header("a\nb", "c").await.unwrap_err();
        assert!(error.to_string().contains("the name of a header") && error.source().is_some(), "{error}");
        let error = client.get("http://example.org/").header("a", "b\nc").header("d\n", "").await.unwrap_err();
        assert!(error.to_string().contains("the value of a header"), "{error}");
        let error = client.get("http://example.org/").bearer("a\nb").await.unwrap_err();
        assert!(error.to_string().contains("the token"), "{error}");
        Ok(())
    });
}

#[test]
fn nobody_listens() {
    let url = {
        let server = Server::answering(|_| ok(""));
        server.url("/")
    };
    with_client(async |client| {
        let error = client.get(&url).await.unwrap_err();
        assert_eq!(error.kind(), Some(&Kind::Connect));
        assert!(error.is_connect() && !error.is_timeout());
        assert!(error.to_string().contains("host 127.0.0.1 port "), "{error}");
        Ok(())
    });
}

#[test]
fn a_body_that_nobody_wants() {
    let server = Server::start(|peer| {
        while let Some(request) = peer.request() {
            match request.line.as_str() {
                "GET /long HTTP/1.1" => {
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nonly the beginning");
                    return peer.wait_for_close();
                }
                _ => peer.send(&ok("short")),
            }
        }
    });
    with_client(async |client| {
        drop(client.get(&server.url("/short")).await?);
        drop(client.get(&server.url("/short")).await?);
        drop(client.get(&server.url("/long")).await?);
        assert_eq!(client.get(&server.url("/short")).await?.text().await?, "short");
        Ok(())
    });
    assert_eq!(server.connections(), 2, "only the long one costs its connection");
}

#[test]
fn one_connection_at_a_time() {
    let server = Server::answering(|request| ok(&request.line));
    with_client(async |_| {
        let client = Client::builder().limit(1).build();
        let urls: Vec<_> = (0..10).map(|number| server.url(&format!("/{number}"))).collect();
        let texts = rondel::try_gather(urls.iter().map(async |url| client.get(url).await?.text().await)).await?;
        assert_eq!(texts[9], "GET /9 HTTP/1.1");
        Ok(())
    });
    assert_eq!(server.connections(), 1);
    assert_eq!(server.lines(), (0..10).map(|number| format!("GET /{number}")).collect::<Vec<_>>(), "first come");
}

#[test]
fn a_dropped_request_leaves_nothing_behind() {
    let asked = Arc::new(Event::new());
    let asking = Arc::clone(&asked);
    let server = Server::start(move |peer| {
        while let Some(request) = peer.request() {
            if request.line.starts_with("GET /never") {
                asking.set();
                return peer.wait_for_close();
            }
            peer.send(&ok("there"));
        }
    });
    with_client(async |_| {
        let client = Client::builder().limit(1).build();
        let never = rondel::spawn(client.get(&server.url("/never")).send());
        asked.wait().await;
        let waiting = rondel::spawn(client.get(&server.url("/soon")).send());
        rondel::yield_now().await;
        never.cancel();
        assert_eq!(waiting.await.unwrap()?.text().await?, "there");
        Ok(())
    });
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_closed_client() {
    let asked = Arc::new(Event::new());
    let asking = Arc::clone(&asked);
    let server = Server::start(move |peer| {
        peer.request();
        asking.set();
        peer.wait_for_close();
    });
    with_client(async |client| {
        let waiting = rondel::spawn(client.get(&server.url("/")).send());
        asked.wait().await;
        client.close();
        assert!(client.is_closed());
        assert_eq!(waiting.await.unwrap().unwrap_err().kind(), Some(&Kind::Closed));
        assert_eq!(client.get(&server.url("/")).await.unwrap_err().kind(), Some(&Kind::Closed));
        Ok(())
    });
}

#[test]
fn users_in_urls() {
    let server = Server::answering(|_| ok(""));
    let url = server.url("/").replace("://", "://user:pass%20word@");
    with_client(async |client| {
        let response = client.get(&url).redirect(Redirect::Stop).await?;
        assert_eq!(response.url().as_str(), server.url("/"), "it is not for others to see");
        client.get(&url).bearer("token").stream(RequestBody::Empty).await?;
        Ok(())
    });
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic dXNlcjpwYXNzIHdvcmQ="));
    assert_eq!(server.requests()[1].header("authorization"), Some("Bearer token"));
}
