//! A site of its own for each of the HTTP examples, on plain threads, so that they need no network:
//!
//!     /users/NAME      who that is, in JSON; nobody is called `nobody`
//!     /sleep/MILLIS    answers when so much time has passed
//!     /flaky/N         fails N times, and then works
//!     /page/N          a page of HTML, with links to others

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How many pages there are.
pub const PAGES: u32 = 20;

/// How often each flaky path has failed.
type Failures = Arc<Mutex<HashMap<String, u32>>>;

/// The site that the first argument names; without one, a site that lives as long as the process.
pub fn of_arguments() -> io::Result<String> {
    match std::env::args().nth(1) {
        Some(site) => Ok(site.trim_end_matches('/').to_owned()),
        None => start(),
    }
}

/// Serves in the background. Its URL, without a path.
pub fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let failures = Failures::default();
        for client in listener.incoming().flatten() {
            let failures = Arc::clone(&failures);
            // A client that goes away in the middle is none of the site's business.
            thread::spawn(move || drop(serve(&client, &failures)));
        }
    });
    Ok(format!("http://{address}"))
}

fn serve(mut client: &TcpStream, failures: &Failures) -> io::Result<()> {
    let mut lines = BufReader::new(client).lines();
    while let Some(first) = lines.next().transpose()? {
        while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
        let path = first.split(' ').nth(1).unwrap_or_default();
        let (status, kind, body) = answer(path, failures);
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
        client.write_all((head + &body).as_bytes())?;
    }
    Ok(())
}

/// Status, type and text of the answer for `path`.
fn answer(path: &str, failures: &Failures) -> (&'static str, &'static str, String) {
    let json = "application/json";
    let (kind, tail) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    let number: u32 = tail.parse().unwrap_or(0);
    match kind {
        "users" if tail != "nobody" => {
            let followers: u32 = tail.bytes().map(u32::from).sum();
            ("200 OK", json, format!(r#"{{"login": "{tail}", "followers": {followers}}}"#))
        }
        "sleep" => {
            thread::sleep(Duration::from_millis(number.into()));
            ("200 OK", json, format!(r#"{{"slept": {number}}}"#))
        }
        "flaky" => match failures.lock() {
            Ok(mut failures) if failures.get(tail).is_none_or(|&count| count < number) => {
                *failures.entry(tail.to_owned()).or_default() += 1;
                ("503 Service Unavailable", json, "{}".to_owned())
            }
            _ => ("200 OK", json, format!(r#"{{"failures": {number}}}"#)),
        },
        "page" => {
            let links = [1, 2, 5].map(|step| format!(r#"<a href="/page/{}">on</a>"#, (number * 3 + step) % PAGES));
            ("200 OK", "text/html", format!("<title>Page {number}</title>{}", links.concat()))
        }
        _ => ("404 Not Found", json, "{}".to_owned()),
    }
}
