//! Three things to cook: one after another, and together.
//!
//!     cargo run --example breakfast

use std::io;
use std::time::Duration;

use rondel::{Instant, gather, sleep};

fn main() -> io::Result<()> {
    rondel::run(breakfast(&|line| println!("{line}")))
}

/// Cooks twice, and says what happens.
pub async fn breakfast(say: &dyn Fn(String)) {
    let start = Instant::now();
    say("One after another:".into());
    for (dish, seconds) in DISHES {
        cook(dish, seconds, say).await;
    }
    say(format!("  ready after {} s", start.elapsed().as_secs()));

    let start = Instant::now();
    say("Together:".into());
    let plates = gather(DISHES.map(|(dish, seconds)| cook(dish, seconds, say))).await;
    say(format!("  ready after {} s", start.elapsed().as_secs()));
    say(format!("On the table: {}", plates.join(", ")));
}

const DISHES: [(&str, u64); 3] = [("eggs", 3), ("toast", 1), ("tea", 2)];

async fn cook(dish: &'static str, seconds: u64, say: &dyn Fn(String)) -> &'static str {
    say(format!("  {dish}: on"));
    // Nothing is blocked meanwhile: other futures go on.
    sleep(Duration::from_secs(seconds)).await;
    say(format!("  {dish}: done"));
    dish
}
