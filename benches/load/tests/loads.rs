//! Each load on a server that is known: what it reports, and what it finds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

fn load(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rondel-load"));
    command.args(arguments.split(' '));
    command
}

/// The result of a load that went well.
fn result(arguments: &str) -> String {
    let output = load(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (running, result) = text.split_once('\n').unwrap();
    assert_eq!(running, "running");
    result.to_string()
}

/// A number of a result.
fn number(result: &str, name: &str) -> f64 {
    let (_, rest) = result.split_once(&format!("\"{name}\": ")).unwrap();
    rest.split([',', '}']).next().unwrap().parse().unwrap()
}

/// A server of one connection at a time, which does `serve` with each message of 8 bytes.
fn server(serve: impl Fn(usize, &mut [u8]) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut message = [0; 8];
        for count in 0.. {
            if stream.read_exact(&mut message).is_err() {
                return;
            }
            serve(count, &mut message);
            if stream.write_all(&message).is_err() {
                return;
            }
        }
    });
    address
}

/// The limit, which ends with the test.
struct Limit(Child, String);

impl Limit {
    fn new(place: &str) -> Self {
        let mut child = load(&format!("serve {place}")).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        let output: ChildStdout = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut address).unwrap();
        Self(child, address.trim().to_string())
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn an_open_loop_counts_the_messages_that_a_stall_held_up() {
    // Of 1000 messages, a millisecond apart, 300 become due while the server sleeps.
    let address = server(|count, _| {
        if count == 400 {
            thread::sleep(Duration::from_millis(300));
        }
    });
    let result = result(&format!("open {address} 1 8 1 1000"));
    assert!(result.starts_with("{\"messages\": 1000,"), "{result}");
    assert!(result.contains("\"unanswered\": 0,"), "{result}");
    assert!(number(&result, "max") >= 0.299, "{result}");
    assert!(number(&result, "p99") >= 0.28, "{result}");
    assert!(number(&result, "p50") <= number(&result, "p99"), "{result}");
}

#[test]
fn an_open_loop_tells_what_was_not_answered() {
    let address = server(|count, _| {
        if count == 50 {
            thread::sleep(Duration::from_secs(5));
        }
    });
    let result = result(&format!("open {address} 1 8 0.2 1000"));
    assert!(number(&result, "unanswered") > 0.0, "{result}");
    assert!(result.starts_with("{\"messages\": 200,"), "{result}");
    assert!(number(&result, "max") >= 1.0, "{result}");
}

#[test]
fn what_comes_back_is_compared() {
    for mode in ["closed", "open"] {
        let rate = if mode == "open" { " 1000" } else { "" };
        let address = server(|_, message| message[7] ^= 1);
        let output = load(&format!("{mode} {address} 1 8 0.2{rate}")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stderr, b"the server sent something else than it got\n");
    }
}

#[test]
fn every_place_is_served_and_loaded() {
    let folder = std::env::temp_dir().join(format!("rondel-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let unix = format!("unix:{}", folder.join("socket").display());
    for place in ["tcp", "udp", &unix] {
        let limit = Limit::new(place);
        // More than a socket's buffers hold, where that is possible.
        let bytes = if place == "udp" { 10_000 } else { 10_000_000 };
        for bytes in [1, bytes] {
            let result = result(&format!("closed {} 3 {bytes} 0.3", limit.1));
            assert!(number(&result, "messages") > 0.0, "{place}, {bytes}: {result}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn churn_makes_a_connection_a_message() {
    let limit = Limit::new("tcp");
    let result = result(&format!("churn {} 2 64 0.2", limit.1));
    assert!(number(&result, "messages") > 0.0, "{result}");
}

#[test]
fn nobody_there_is_an_error() {
    let output = load("closed tcp:127.0.0.1:1 1 1 1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("connect: "));
}
