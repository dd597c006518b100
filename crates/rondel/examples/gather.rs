//! Several operations together, some of which fail: all results, or the first error.
//!
//!     cargo run --example gather

use std::fmt;
use std::io;
use std::time::Duration;

use rondel::{Instant, gather, sleep, try_gather};

fn main() -> io::Result<()> {
    rondel::run(parcels(&|line| println!("{line}")))
}

/// With the hours that a parcel takes; an hour passes in a second.
const STREETS: [(&str, u64); 4] = [("Oak Street", 3), ("Elm Street", 1), ("Nowhere", 2), ("Ash Street", 4)];

/// Sends the parcels out twice, and says what became of them.
pub async fn parcels(say: &dyn Fn(String)) {
    say("gather waits for all, and gives each result in its place:".into());
    let start = Instant::now();
    let results = gather(STREETS.map(|(street, hours)| deliver(street, hours, say))).await;
    for ((street, _), result) in STREETS.iter().zip(results) {
        match result {
            Ok(hours) => say(format!("  {street}: after {hours} h")),
            Err(error) => say(format!("  {street}: {error}")),
        }
    }
    say(format!("  over after {} s", start.elapsed().as_secs()));

    say("try_gather stops at the first error, and drops the rest:".into());
    let start = Instant::now();
    match try_gather(STREETS.map(|(street, hours)| deliver(street, hours, say))).await {
        Ok(hours) => say(format!("  all delivered: {hours:?}")),
        Err(error) => say(format!("  stopped: {error}")),
    }
    say(format!("  over after {} s", start.elapsed().as_secs()));
}

async fn deliver(street: &str, hours: u64, say: &dyn Fn(String)) -> Result<u64, NoSuchStreet> {
    sleep(Duration::from_secs(hours)).await;
    if street == "Nowhere" {
        return Err(NoSuchStreet);
    }
    say(format!("  (the bell rings in {street})"));
    Ok(hours)
}

#[derive(Debug)]
struct NoSuchStreet;

impl fmt::Display for NoSuchStreet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such street")
    }
}
