//! How many requests a second the HTTP client does, so many at a time, on one thread:
//!
//!     cargo bench -p rondel --bench http -- URL [AT_A_TIME [REQUESTS]]

use std::cell::Cell;
use std::error::Error;
use std::time::Instant;

use rondel::http::{Client, Error as HttpError};
use rondel::try_gather;

fn main() -> Result<(), Box<dyn Error>> {
    // cargo adds an option of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(url) = arguments.next() else {
        println!("usage: cargo bench -p rondel --bench http -- URL [AT_A_TIME [REQUESTS]]");
        return Ok(());
    };
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<usize>());
    let (at_a_time, requests) = (number(50)?, number(50_000)?);
    let (seconds, bytes) = rondel::run(load(&url, at_a_time, requests))??;
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = requests as f64 / seconds;
    println!("{rate:.0} requests/s, {bytes} bytes each, {at_a_time} at a time");
    Ok(())
}

/// Seconds, and the length of the last body.
async fn load(url: &str, at_a_time: usize, requests: usize) -> Result<(f64, usize), HttpError> {
    let client = Client::builder().limit(0).build();
    let (left, length) = (Cell::new(requests), Cell::new(0));
    let start = Instant::now();
    try_gather((0..at_a_time).map(async |_| {
        while left.get() > 0 {
            left.set(left.get() - 1);
            length.set(client.get(url).await?.error_for_status()?.bytes().await?.len());
        }
        Ok::<_, HttpError>(())
    }))
    .await?;
    Ok((start.elapsed().as_secs_f64(), length.get()))
}
