//! A queue between those who make and those who use. It holds two items: who is too fast waits.
//!
//!     cargo run --example producer_consumer

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rondel::sync::Queue;
use rondel::{gather, sleep, spawn};

fn main() -> io::Result<()> {
    rondel::run(bakery(Rc::new(|line| println!("{line}"))))
}

type Say = Rc<dyn Fn(String)>;

/// Two bake, two sell.
pub async fn bakery(say: Say) {
    say("The oven is on.".into());
    let shelf = Queue::bounded(2);
    let sellers: Vec<_> = ["Nell", "Omar"].map(|name| spawn(sell(name, shelf.clone(), Rc::clone(&say)))).into();
    gather([("rye", 3), ("oat", 2)].map(|(sort, loaves)| bake(sort, loaves, &shelf, &say))).await;
    say("The oven is off.".into());
    // The sellers take what is left, and see then that no more comes.
    shelf.close();
    let mut sold = 0;
    for seller in sellers {
        sold += seller.await.unwrap_or_default();
    }
    say(format!("Sold: {sold}."));
}

async fn bake(sort: &str, loaves: u32, shelf: &Queue<String>, say: &Say) {
    for number in 1..=loaves {
        sleep(Duration::from_millis(200)).await;
        if shelf.put(format!("{sort} {number}")).await.is_err() {
            say(format!("  {sort} {number} comes too late"));
            return;
        }
        say(format!("  {sort} {number} is on the shelf"));
    }
}

async fn sell(name: &'static str, shelf: Queue<String>, say: Say) -> u32 {
    let mut sold = 0;
    while let Some(loaf) = shelf.get().await {
        sleep(Duration::from_millis(500)).await;
        say(format!("  {name} sold {loaf}"));
        sold += 1;
    }
    sold
}
