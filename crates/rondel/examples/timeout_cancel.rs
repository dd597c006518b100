//! Waiting no longer than one likes, and ending a task that goes on for ever.
//!
//!     cargo run --example timeout_cancel

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rondel::{race, sleep, spawn, timeout};

fn main() -> io::Result<()> {
    rondel::run(patience(Rc::new(|line| println!("{line}"))))
}

type Say = Rc<dyn Fn(String)>;

/// Waits for buses, and sends a guard home.
pub async fn patience(say: Say) {
    for seconds in [1, 5] {
        match timeout(Duration::from_secs(2), bus(seconds)).await {
            Ok(line) => say(format!("Got on bus {line}.")),
            Err(elapsed) => say(format!("Walking: the bus {elapsed}.")),
        }
    }

    let first = race([bus(3), bus(1), bus(2)]).await;
    say(format!("First at the stop: {first:?}."));

    let guard = spawn(watch(Rc::clone(&say)));
    sleep(Duration::from_millis(2500)).await;
    guard.cancel();
    match guard.await {
        Ok(()) => say("The guard left by himself.".into()),
        Err(error) => say(format!("The guard is gone: {error}.")),
    }
}

async fn bus(seconds: u64) -> u64 {
    sleep(Duration::from_secs(seconds)).await;
    10 * seconds
}

/// Goes on until its future is dropped; what it holds is dropped with it.
async fn watch(say: Say) {
    let _lamp = Lamp(Rc::clone(&say));
    loop {
        say("  all quiet".into());
        sleep(Duration::from_secs(1)).await;
    }
}

struct Lamp(Say);

impl Drop for Lamp {
    fn drop(&mut self) {
        (self.0)("  (the lamp is put out)".into());
    }
}
