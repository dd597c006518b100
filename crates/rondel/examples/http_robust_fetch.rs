//! What goes wrong on the way to a server, and what can be done about it: time limits, retries, and errors that say
//! what it was.
//!
//!     cargo run --example http_robust_fetch [SITE]

use std::io;
use std::time::Duration;

use rondel::gather;
use rondel::http::{Client, Error, Retry};

#[allow(dead_code)] // what other examples need
mod site;

fn main() -> io::Result<()> {
    let site = site::of_arguments()?;
    rondel::run(fetches(&site, Duration::from_millis(500), &|line| println!("{line}")))
}

/// Fetches what works, what works at the third attempt, what takes too long, and what nobody serves.
pub async fn fetches(site: &str, patience: Duration, say: &dyn Fn(String)) {
    // A quarter of `patience` after the first attempt, half of it after the second.
    let retry = Retry { attempts: 3, backoff: patience / 4, jitter: 0.0, ..Retry::default() };
    let client = Client::builder().timeout(patience * 2).retry(retry).build();
    let urls = [
        format!("{site}/users/ada"),
        format!("{site}/flaky/2"),
        format!("{site}/users/nobody"),
        format!("{site}/sleep/60000"),
        "http://127.0.0.1:1/".to_owned(),
    ];
    let fetched = gather(urls.iter().map(|url| fetch(&client, url))).await;
    for (url, outcome) in urls.iter().zip(fetched) {
        let path = url.trim_start_matches(site);
        say(match outcome {
            Ok((text, 1)) => format!("{path}: {text}"),
            Ok((text, attempts)) => format!("{path}: {text}, at attempt {attempts}"),
            Err(error) => format!("{path}: {}", reason(&error)),
        });
    }
}

/// The text at `url`, and how often it was asked for.
async fn fetch(client: &Client, url: &str) -> Result<(String, u32), Error> {
    let response = client.get(url).await?.error_for_status()?;
    let attempts = response.attempts();
    Ok((response.text().await?, attempts))
}

/// What a program can tell its user. The error itself says more, to those who can make use of it.
fn reason(error: &Error) -> String {
    match error.status() {
        Some(status) => format!("the server says {status}"),
        None if error.is_timeout() => "it took too long".to_owned(),
        None if error.is_connect() => format!("no connection, {} times", error.attempts()),
        None => error.to_string(),
    }
}
