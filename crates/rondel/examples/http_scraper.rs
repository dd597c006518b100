//! All pages of a site, found by their links, so many at a time and no more.
//!
//!     cargo run --example http_scraper [SITE]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;

use rondel::gather;
use rondel::http::{Client, Error};
use rondel::sync::Semaphore;

#[allow(dead_code)] // what other examples need
mod site;

/// Requests at a time.
const MOST: usize = 4;

fn main() -> io::Result<()> {
    let site = site::of_arguments()?;
    rondel::run(scrape(&site, &|line| println!("{line}")))
}

/// What all that look for pages share.
struct Search<'a> {
    site: &'a str,
    client: Client,
    permits: Semaphore,
    found: RefCell<BTreeSet<String>>,
    /// Requests that are under way, and how many were at once.
    running: Cell<usize>,
    peak: Cell<usize>,
}

/// Begins with the first page, and says what there is.
pub async fn scrape(site: &str, say: &dyn Fn(String)) {
    let search = Search {
        site,
        client: Client::new(),
        permits: Semaphore::new(MOST),
        found: RefCell::default(),
        running: Cell::new(0),
        peak: Cell::new(0),
    };
    let mut fresh = vec!["/page/0".to_owned()];
    let mut depth = 0;
    while !fresh.is_empty() {
        say(format!("{depth} clicks away: {} pages", fresh.len()));
        search.found.borrow_mut().extend(fresh.iter().cloned());
        let mut links = BTreeSet::new();
        for (path, page) in fresh.iter().zip(gather(fresh.iter().map(|path| search.fetch(path))).await) {
            match page {
                Ok(page) => links.extend(links_of(&page).map(str::to_owned)),
                Err(error) => say(format!("{path}: {error}")),
            }
        }
        fresh = links.difference(&search.found.borrow()).cloned().collect();
        depth += 1;
    }
    let (count, peak) = (search.found.borrow().len(), search.peak.get());
    say(format!("{count} pages, never more than {peak} requests at a time"));
}

impl Search<'_> {
    async fn fetch(&self, path: &str) -> Result<String, Error> {
        let _permit = self.permits.acquire().await;
        self.running.set(self.running.get() + 1);
        self.peak.set(self.peak.get().max(self.running.get()));
        let page = self.page(path).await;
        self.running.set(self.running.get() - 1);
        page
    }

    async fn page(&self, path: &str) -> Result<String, Error> {
        self.client.get(&format!("{}{path}", self.site)).await?.error_for_status()?.text().await
    }
}

/// What the links of a page of this site lead to. Other sites would need a parser of HTML.
fn links_of(page: &str) -> impl Iterator<Item = &str> {
    page.split(r#"href=""#).skip(1).filter_map(|rest| rest.split('"').next())
}
