//! The same five requests to a server that takes its time: one after another with blocking calls, and at once on one
//! thread.
//!
//!     cargo run --example http_sync_vs_async [SITE]

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rondel::http::{Bytes, Client};
use rondel::try_gather;

#[allow(dead_code)] // what other examples need
mod site;

const REQUESTS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let site = site::of_arguments()?;
    let path = "/sleep/300";
    let (blocking, length) = timed(|| one_after_another(&site, path))?;
    println!("Blocking: {length} bytes after {blocking:.2?}");
    let (together, length) = timed(|| all_at_once(&site, path))?;
    println!("Together: {length} bytes after {together:.2?}");
    println!("That is {:.1} times as fast.", blocking.as_secs_f64() / together.as_secs_f64());
    Ok(())
}

/// How long it takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(Duration, T), Box<dyn Error>> {
    let start = Instant::now();
    let result = work()?;
    Ok((start.elapsed(), result))
}

/// The lengths of all bodies together, each fetched when the one before is there.
pub fn one_after_another(site: &str, path: &str) -> Result<usize, Box<dyn Error>> {
    let mut length = 0;
    for _ in 0..REQUESTS {
        length += blocking_get(site, path)?.len();
    }
    Ok(length)
}

/// As [`one_after_another`], but while one request waits the others do too.
pub fn all_at_once(site: &str, path: &str) -> Result<usize, Box<dyn Error>> {
    let url = format!("{site}{path}");
    let bodies = rondel::run(async {
        let client = Client::new();
        try_gather((0..REQUESTS).map(async |_| client.get(&url).await?.bytes().await)).await
    })??;
    Ok(bodies.iter().map(Bytes::len).sum())
}

/// As much HTTP as this needs.
fn blocking_get(site: &str, path: &str) -> io::Result<String> {
    let host = site.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(body.to_owned())
}
