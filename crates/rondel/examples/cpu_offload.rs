//! Computing beside the loop: as many threads as cores compute, and the loop goes on.
//!
//!     cargo run --release --example cpu_offload

use std::io;
use std::num::NonZero;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use rondel::sync::Semaphore;
use rondel::{JoinError, gather, sleep, spawn, spawn_blocking};

fn main() -> io::Result<()> {
    rondel::run(offload(&[400_000, 300_000, 200_000, 100_000], &|line| println!("{line}")))
}

/// Counts the primes below each of `limits`.
pub async fn offload(limits: &[u32], say: &dyn Fn(String)) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let free = Semaphore::new(cores);
    // It ticks for as long as the loop is not blocked.
    let heartbeat = Rc::new(());
    let ticking = spawn(tick(Rc::clone(&heartbeat)));

    let counts = limits.iter().map(async |&limit| {
        let _core = free.acquire().await;
        (limit, count_primes_off_the_loop(limit).await)
    });
    for (limit, count) in gather(counts).await {
        match count {
            Ok(count) => say(format!("{count} primes below {limit}")),
            Err(error) => say(format!("below {limit}: {error}")),
        }
    }

    drop(heartbeat);
    let ticks = ticking.await.unwrap_or_default();
    say(format!("The loop ticked {ticks} times meanwhile."));
}

async fn count_primes_off_the_loop(limit: u32) -> Result<usize, JoinError> {
    spawn_blocking(move || (2..limit).filter(|&n| is_prime(n)).count()).await
}

fn is_prime(n: u32) -> bool {
    (2..=n.isqrt()).all(|d| !n.is_multiple_of(d))
}

/// Counts milliseconds for as long as somebody else holds the heartbeat.
async fn tick(heartbeat: Rc<()>) -> u32 {
    let mut ticks = 0;
    while Rc::strong_count(&heartbeat) > 1 {
        sleep(Duration::from_millis(1)).await;
        ticks += 1;
    }
    ticks
}
