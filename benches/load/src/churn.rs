//! Churn: a connection is made for each message and ended when that is back. Tells how fast a server accepts and, over
//! TLS, shakes hands.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use crate::address::Address;
use crate::arguments::Arguments;
use crate::problem::{During, Problem, Result};
use crate::tls;

/// No single step of a connection may take longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the load and prints `{"messages": N, "seconds": S, "lost": 0}`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let message: Vec<u8> = (0..arguments.bytes).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect();
    let visit: Box<dyn Fn() -> Result<()> + Sync> = match &arguments.address {
        Address::Tcp(at) => Box::new(|| plain(*at, &message)),
        Address::Tls(at, trusted) => {
            let config = tls::config(trusted)?;
            let message = &message;
            Box::new(move || {
                let mut stream = tls::blocking(*at, &config)?;
                exchange(&mut stream, message)?;
                abort(&stream.sock)
            })
        }
        Address::Udp(_) | Address::Unix(_) => return Err(Problem::new("churn is for tcp: and tls:")),
    };
    visit()?;
    println!("running");
    let begin = Instant::now() + arguments.warm_up();
    let end = begin + arguments.time;
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        let visitors: Vec<_> =
            (0..arguments.connections).map(|_| scope.spawn(|| visits(&visit, begin, end, &count))).collect();
        visitors.into_iter().try_for_each(|visitor| visitor.join().unwrap_or_else(|_| Err(Problem::new("panicked"))))
    })?;
    println!("{{\"messages\": {}, \"seconds\": {:.6}, \"lost\": 0}}", count.into_inner(), arguments.time.as_secs_f64());
    Ok(())
}

/// One after the other until `end`; those that end after `begin` count.
fn visits(visit: &(dyn Fn() -> Result<()> + Sync), begin: Instant, end: Instant, count: &AtomicU64) -> Result<()> {
    loop {
        visit()?;
        let now = Instant::now();
        if now >= end {
            return Ok(());
        }
        if now >= begin {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn plain(at: SocketAddr, message: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(at).during("connect")?;
    stream.set_nodelay(true).during("setsockopt")?;
    stream.set_read_timeout(Some(PATIENCE)).during("setsockopt")?;
    exchange(&mut stream, message)?;
    abort(&stream)
}

fn exchange(stream: &mut (impl Read + Write), message: &[u8]) -> Result<()> {
    stream.write_all(message).during("send")?;
    let mut back = vec![0; message.len()];
    stream.read_exact(&mut back).during("recv")?;
    if back != message {
        return Err(Problem::new("the server sent something else than it got"));
    }
    Ok(())
}

/// The end of the connection is a reset: an orderly one would keep its port for a minute, and there are 28,000.
fn abort(stream: &TcpStream) -> Result<()> {
    set_socket_linger(stream, Some(Duration::ZERO)).during("setsockopt")
}
