//! The HTTP client: redirects, retries, connections that were closed.

mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rondel::http::{Budget, Client, Error, Kind, Method, Redirect, Retry, channel};
use server::{Server, answer, ok};

fn with_client<F: Future<Output = Result<(), Error>>>(test: impl FnOnce(Client) -> F) {
    rondel::run(async { test(Client::new()).await }).unwrap().unwrap();
}

fn to(location: &str, status: u16) -> String {
    answer(&format!("{status} Elsewhere"), &[&format!("Location: {location}")], "moved")
}

/// Three attempts, at once.
fn at_once() -> Retry {
    Retry { backoff: Duration::ZERO, ..Retry::default() }
}

#[test]
fn redirects_are_followed() {
    let server = Server::answering(|request| match request.line.as_str() {
        "GET /one HTTP/1.1" => to("two?three", 302),
        "GET /two?three HTTP/1.1" => to("/four/five", 308),
        "GET /four/five HTTP/1.1" => to("../six#seven", 301),
        line => ok(line),
    });
    with_client(async |client| {
        let response = client.get(&server.url("/one")).await?;
        assert_eq!(response.url().as_str(), server.url("/six#seven"));
        let history: Vec<_> = response.history().iter().map(|head| (head.status, head.url.as_str())).collect();
        let urls = ["/one", "/two?three", "/four/five"].map(|path| server.url(path));
        assert_eq!(history, [(302, &*urls[0]), (308, &*urls[1]), (301, &*urls[2])]);
        assert_eq!(response.text().await?, "GET /six HTTP/1.1");

        let response = client.get(&server.url("/one")).redirect(Redirect::Stop).await?;
        assert_eq!((response.status().as_u16(), response.text().await?.as_str()), (302, "moved"));
        Ok(())
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn bodies_on_the_way() {
    let server = Server::answering(|request| match request.line.split(['/', ' ']).nth(2) {
        Some("") => ok(""),
        status => to("/", status.unwrap().parse().unwrap()),
    });
    with_client(async |client| {
        for status in [303, 307] {
            client.post(&server.url(&format!("/{status}"))).body("body").await?;
        }
        let (sender, body) = channel(10, None);
        sender.finish();
        let error = client.post(&server.url("/307")).stream(body).await.unwrap_err();
        assert!(matches!(error.kind(), Some(Kind::Payload(_))), "{error}");
        Ok(())
    });
    assert_eq!(server.lines(), ["POST /303", "GET /", "POST /307", "POST /", "POST /307"]);
    let bodies: Vec<_> = server.requests().iter().map(|request| request.text().to_owned()).collect();
    assert_eq!(bodies, ["body", "", "body", "body", ""]);
    assert_eq!(server.requests()[1].header("content-length"), None);
}

#[test]
fn secrets_stay_at_home() {
    let other = Server::answering(|_| ok(""));
    let (far, near) = (other.url("/"), "/near".to_owned());
    let server = Server::answering(move |request| match request.line.as_str() {
        "GET /away HTTP/1.1" => to(&far, 302),
        "GET /stay HTTP/1.1" => to(&near, 302),
        _ => ok(""),
    });
    with_client(async |client| {
        for path in ["/away", "/stay"] {
            client.get(&server.url(path)).bearer("secret").header("cookie", "a=1").header("x-mine", "2").await?;
        }
        Ok(())
    });
    let away = &other.requests()[0];
    assert_eq!((away.header("authorization"), away.header("cookie")), (None, None));
    assert_eq!(away.header("x-mine"), Some("2"));
    assert_eq!(away.header("host"), Some(other.url("").trim_start_matches("http://")));
    assert_eq!(server.requests()[2].header("authorization"), Some("Bearer secret"));
}

#[test]
fn redirects_to_nowhere() {
    let server = Server::answering(|request| match request.line.as_str() {
        "GET /ftp HTTP/1.1" => to("ftp://example.org/", 302),
        "GET /none HTTP/1.1" => answer("302 Elsewhere", &[], "but where?"),
        _ => to("/round", 302),
    });
    with_client(async |client| {
        let error = client.get(&server.url("/ftp")).await.unwrap_err();
        assert!(matches!(error.kind(), Some(Kind::RedirectNotHttp(_))), "{error}");
        assert_eq!(client.get(&server.url("/none")).await?.text().await?, "but where?");
        let error = client.get(&server.url("/round")).redirect(Redirect::Follow { max: 4 }).await.unwrap_err();
        assert_eq!(error.kind(), Some(&Kind::TooManyRedirects(4)));
        Ok(())
    });
    assert_eq!(server.requests().len(), 2 + 4);
    assert_eq!(server.connections(), 1);
}

#[test]
fn statuses_are_retried() {
    let count = AtomicUsize::new(0);
    let server = Server::answering(move |_| match count.fetch_add(1, Ordering::SeqCst) % 3 {
        2 => ok("at last"),
        _ => answer("503 Busy", &["Retry-After: 0"], "later"),
    });
    with_client(async |client| {
        let response = client.get(&server.url("/")).retry(Retry::default()).await?;
        assert_eq!((response.attempts(), response.text().await?.as_str()), (3, "at last"));
        let response = client.get(&server.url("/")).retry(Retry { attempts: 2, ..at_once() }).await?;
        assert_eq!((response.status().as_u16(), response.attempts()), (503, 2), "the last answer stands");
        client.get(&server.url("/")).await?;
        let response = client.post(&server.url("/")).body("once").retry(at_once()).await?;
        assert_eq!((response.status().as_u16(), response.attempts()), (503, 1));
        client.get(&server.url("/")).await?;
        client.get(&server.url("/")).await?;
        let told = Retry { methods: Some(vec![Method::POST]), ..at_once() };
        let response = client.post(&server.url("/")).body("again").retry(told).await?;
        assert_eq!((response.status().as_u16(), response.attempts()), (200, 3));
        Ok(())
    });
    assert_eq!(server.requests().iter().filter(|request| request.text() == "again").count(), 3);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_pause_that_does_not_fit_is_not_begun() {
    let server = Server::answering(|_| answer("503 Busy", &["Retry-After: 3600"], ""));
    with_client(async |client| {
        let patient = Retry { max_delay: Duration::from_hours(2), ..Retry::default() };
        let response = client.get(&server.url("/")).retry(patient).await?;
        assert_eq!((response.status().as_u16(), response.attempts()), (503, 1), "five minutes are less than an hour");
        let response = client.get(&server.url("/")).timeout(Duration::ZERO).retry(Retry::default()).await?;
        assert_eq!(response.attempts(), 1, "longer than the longest delay");
        Ok(())
    });
}

#[test]
fn a_budget_for_all() {
    let server = Server::answering(|_| answer("503 Busy", &[], ""));
    with_client(async |_| {
        let retry = Retry { budget: Some(Budget::new(0.0, 3)), ..at_once() };
        let client = Client::builder().retry(retry).build();
        let mut attempts = Vec::new();
        for _ in 0..4 {
            attempts.push(client.get(&server.url("/")).await?.attempts());
        }
        assert_eq!(attempts, [3, 2, 1, 1]);
        Ok(())
    });
}

#[test]
fn failures_are_retried() {
    let server = Server::start(|peer| {
        if peer.request().is_some() && peer.number == 2 {
            peer.send(&ok("at last"));
        }
    });
    with_client(async |client| {
        let response = client.get(&server.url("/")).retry(at_once()).await?;
        assert_eq!((response.attempts(), response.text().await?.as_str()), (3, "at last"));
        let error = client.get(&server.url("/")).retry(Retry { attempts: 2, ..at_once() }).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Some(&Kind::Disconnected), 2));
        Ok(())
    });
}

/// Answers the first request of each connection, and closes it with the second.
fn forgetful() -> Server {
    Server::start(|peer| {
        if peer.request().is_some() {
            peer.send(&ok("first"));
        }
        peer.request();
    })
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let server = forgetful();
    with_client(async |client| {
        for _ in 0..3 {
            assert_eq!(client.get(&server.url("/")).await?.text().await?, "first");
        }
        Ok(())
    });
    assert_eq!((server.connections(), server.requests().len()), (3, 5));
}

#[test]
fn what_may_have_been_done_is_not_done_again() {
    let server = forgetful();
    with_client(async |client| {
        client.post(&server.url("/")).body("one").await?.bytes().await?;
        let error = client.post(&server.url("/")).body("two").await.unwrap_err();
        assert_eq!(error.kind(), Some(&Kind::Disconnected));
        client.post(&server.url("/")).body("three").await?;
        Ok(())
    });
    assert_eq!((server.connections(), server.requests().len()), (2, 3));
}

#[test]
fn a_new_connection_has_no_excuse() {
    let server = Server::start(|peer| drop(peer.request()));
    with_client(async |client| {
        let error = client.get(&server.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (Some(&Kind::Disconnected), 1));
        Ok(())
    });
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

#[test]
fn resets_are_named() {
    let server = Server::start(|peer| {
        drop(peer.request());
        peer.reset();
    });
    with_client(async |client| {
        let error = client.get(&server.url("/")).await.unwrap_err();
        assert_eq!(error.kind(), Some(&Kind::Io));
        assert!(error.to_string().contains("reset"), "{error}");
        Ok(())
    });
}
