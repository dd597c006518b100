//! Four users, fetched at once. One of them is nobody.
//!
//!     cargo run --example http_fetch_users [SITE]

use std::error::Error;

use rondel::gather;
use rondel::http::Client;

#[allow(dead_code)] // what other examples need
mod site;

const NAMES: [&str; 4] = ["ada", "grace", "nobody", "linus"];

fn main() -> Result<(), Box<dyn Error>> {
    let site = site::of_arguments()?;
    Ok(rondel::run(users(&site, &|line| println!("{line}")))?)
}

/// Fetches all, and says who they are.
pub async fn users(site: &str, say: &dyn Fn(String)) {
    let client = Client::new();
    let fetched = gather(NAMES.map(|name| followers(&client, site, name))).await;
    for (name, followers) in NAMES.iter().zip(fetched) {
        match followers {
            Ok(followers) => say(format!("{name} has {followers} followers")),
            Err(error) => say(format!("{name} can't be had: {error}")),
        }
    }
}

async fn followers(client: &Client, site: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let response = client.get(&format!("{site}/users/{name}")).await?.error_for_status()?;
    let user: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
    user["followers"].as_u64().ok_or_else(|| "the answer names no followers".into())
}
