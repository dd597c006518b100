//! The HTTP client's pool under requests that are given up at any moment.

mod server;

use std::cell::Cell;
use std::time::Duration;

use rondel::http::{Client, Error, Kind, Statistics};
use rondel::{timeout, try_gather};
use server::Server;

/// Connections at once.
const LIMIT: usize = 10;

/// Requests at once, and in all.
const WORKERS: u64 = 30;
const REQUESTS: u64 = 3000;

/// Gives many requests up, some before they have a connection, some in the middle of the answer. `restless`: the server
/// resets some of its connections.
fn storm(restless: bool) {
    let server = Server::start(move |peer| {
        let mut random = fastrand::Rng::with_seed(peer.number as u64);
        while peer.request().is_some() {
            if restless && random.u8(..) < 16 {
                return peer.reset();
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nca");
            std::thread::yield_now();
            peer.send("lm");
        }
    });
    let url = server.url("/");
    let (answered, given_up) = (Cell::new(0), Cell::new(0));
    let worker = async |client: &Client, seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..REQUESTS / WORKERS {
            // However slow the machine is, some are answered, and some are not.
            let patience = match random.u8(0..4) {
                0 => Duration::ZERO,
                1 => Duration::from_mins(1),
                _ => Duration::from_micros(random.u64(0..3000)),
            };
            match timeout(patience, async { client.get(&url).await?.text().await }).await {
                Ok(Ok(text)) => {
                    assert_eq!(text, "calm");
                    answered.set(answered.get() + 1);
                }
                Ok(Err(error)) if restless => {
                    assert!(matches!(error.kind(), Some(Kind::Io | Kind::Disconnected | Kind::Payload(_))), "{error}");
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => given_up.set(given_up.get() + 1),
            }
        }
        Ok(())
    };
    let after: Result<Statistics, Error> = rondel::run(async {
        let client = Client::builder().limit(LIMIT).build();
        try_gather((0..WORKERS).map(|seed| worker(&client, seed))).await?;
        let statistics = client.statistics();
        if !restless {
            // All at once: each place of the pool must be free.
            try_gather((0..2 * LIMIT).map(async |_| client.get(&url).await?.text().await)).await?;
        }
        Ok(statistics)
    })
    .unwrap();
    let Statistics { in_use, idle, waiting } = after.unwrap();
    assert_eq!((in_use, waiting), (0, 0));
    assert!(idle <= LIMIT);
    assert!(answered.get() > 0 && given_up.get() > 0, "{answered:?} {given_up:?}");
}

#[test]
fn requests_are_given_up() {
    storm(false);
}

#[test]
fn requests_are_given_up_and_connections_reset() {
    storm(true);
}
