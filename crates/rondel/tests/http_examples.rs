//! The examples of the HTTP client, against the site that they bring.
#![allow(clippy::duplicate_mod)] // each of the examples brings what they share

use std::cell::RefCell;
use std::time::Duration;

#[allow(dead_code)] // its main
#[path = "../examples/http_fetch_users.rs"]
mod http_fetch_users;
#[allow(dead_code)] // its main
#[path = "../examples/http_robust_fetch.rs"]
mod http_robust_fetch;
#[allow(dead_code)] // its main
#[path = "../examples/http_scraper.rs"]
mod http_scraper;
#[allow(dead_code)] // its main
#[path = "../examples/http_sync_vs_async.rs"]
mod http_sync_vs_async;
#[allow(dead_code)] // what one example needs and the other not
#[path = "../examples/site/mod.rs"]
mod site;

/// What an example says, line by line.
fn lines_of(example: impl AsyncFnOnce(&str, &dyn Fn(String))) -> String {
    let site = site::start().unwrap();
    let lines = RefCell::new(String::new());
    let say = |line: String| *lines.borrow_mut() += &(line + "\n");
    rondel::run(example(&site, &say)).unwrap();
    lines.take().replace(&site, "SITE")
}

#[test]
fn fetch_users() {
    let expected = "\
ada has 294 followers
grace has 514 followers
nobody can't be had: SITE/users/nobody: the server answers 404 Not Found
linus has 555 followers
";
    assert_eq!(lines_of(http_fetch_users::users), expected);
}

#[test]
fn robust_fetch() {
    let expected = "\
/users/ada: {\"login\": \"ada\", \"followers\": 294}
/flaky/2: {\"failures\": 2}, at attempt 3
/users/nobody: the server says 404 Not Found
/sleep/60000: it took too long
http://127.0.0.1:1/: no connection, 3 times
";
    let patience = Duration::from_millis(400);
    let lines = lines_of(async |site, say| http_robust_fetch::fetches(site, patience, say).await);
    assert_eq!(lines, expected);
}

#[test]
fn scraper() {
    let lines = lines_of(http_scraper::scrape);
    let last = lines.lines().last().unwrap();
    assert_eq!(last, "20 pages, never more than 4 requests at a time");
    assert!(lines.starts_with("0 clicks away: 1 pages\n1 clicks away: 3 pages\n"), "{lines}");
}

#[test]
fn sync_vs_async() {
    let site = site::start().unwrap();
    let lengths = [http_sync_vs_async::one_after_another, http_sync_vs_async::all_at_once]
        .map(|fetch| fetch(&site, "/sleep/1").unwrap());
    assert_eq!(lengths, [5 * r#"{"slept": 1}"#.len(); 2]);
}
