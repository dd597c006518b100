//! Six want in, two at a time may.
//!
//!     cargo run --example semaphore

use std::cell::Cell;
use std::io;
use std::time::Duration;

use rondel::sync::Semaphore;
use rondel::{Instant, gather, sleep};

fn main() -> io::Result<()> {
    rondel::run(ferry(&|line| println!("{line}")))
}

/// Six cross a river in a boat with two seats.
pub async fn ferry(say: &dyn Fn(String)) {
    let seats = Semaphore::new(2);
    let (aboard, most) = (Cell::new(0), Cell::new(0));
    let start = Instant::now();

    let cross = async |name: &str| {
        let _seat = seats.acquire().await; // given back when it is dropped
        aboard.set(aboard.get() + 1);
        most.set(most.get().max(aboard.get()));
        say(format!("{} s: {name} is aboard", start.elapsed().as_secs()));
        sleep(Duration::from_secs(1)).await;
        aboard.set(aboard.get() - 1);
    };
    gather(["Ann", "Bo", "Cy", "Di", "Ed", "Flo"].map(cross)).await;

    let seconds = start.elapsed().as_secs();
    say(format!("All across after {seconds} s, never more than {} at once.", most.get()));
}
