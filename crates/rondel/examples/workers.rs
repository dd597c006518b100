//! Tasks go on by themselves; their handles say how they ended, also that one panicked.
//!
//!     cargo run --example workers

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rondel::{JoinError, JoinHandle, sleep, spawn};

fn main() -> io::Result<()> {
    rondel::run(workers(Rc::new(|line| println!("{line}"))))
}

/// Tasks may outlive the function that starts them, so what they use is shared, not borrowed. They
/// stay on one thread: an `Rc` will do.
type Say = Rc<dyn Fn(String)>;

/// Starts four workers, and waits for one after the other.
pub async fn workers(say: Say) {
    let crew: Vec<(&str, JoinHandle<u32>)> = [("Ada", 2), ("Ben", 3), ("Cleo", 1), ("Dan", 0)]
        .map(|(name, crates)| (name, spawn(unload(name, crates, Rc::clone(&say)))))
        .into();
    say("All are at work.".into());
    for (name, task) in crew {
        match task.await {
            Ok(crates) => say(format!("{name} carried {crates}.")),
            Err(JoinError::Panicked(panic)) => say(format!("{name} gave up: {}.", panic.message())),
            Err(JoinError::Cancelled) => say(format!("{name} was sent home.")),
        }
    }
}

async fn unload(name: &'static str, crates: u32, say: Say) -> u32 {
    assert!(crates > 0, "nothing to carry");
    for number in 1..=crates {
        sleep(Duration::from_millis(300)).await;
        say(format!("  {name}: crate {number}"));
    }
    crates
}
