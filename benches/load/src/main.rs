//! Load for echo servers, and the limit: an echo server that does what any must, and nothing more.
//!
//! ```text
//! rondel-load closed ADDRESS CONNECTIONS BYTES SECONDS        as fast as the answers come
//! rondel-load open   ADDRESS CONNECTIONS BYTES SECONDS RATE   RATE messages a second, whatever comes back
//! rondel-load churn  ADDRESS CONNECTIONS BYTES SECONDS        a connection for each message, so many at once
//! rondel-load serve  tcp | udp | unix:PATH                    the limit; prints its address, serves until it is killed
//! ```
//!
//! ADDRESS is `tcp:HOST:PORT`, `udp:HOST:PORT`, `unix:PATH` or `tls:HOST:PORT,FILE`, with the certificate of the
//! authority that signed the server's. A load prints `running` when every connection works, and a line of JSON at the
//! end. What is wrong stands on the standard error, with exit code 1.

#![forbid(unsafe_code)]

mod address;
mod arguments;
mod channel;
mod churn;
mod closed;
mod connection;
mod open;
mod poll;
mod problem;
mod schedule;
mod serve;
mod tls;

use std::process::ExitCode;

use address::Address;
use arguments::{Arguments, Mode};
use channel::Channel;
use problem::Result;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    if let [mode, place] = arguments
        && mode == "serve"
    {
        return serve::serve(place);
    }
    let arguments = Arguments::parse(arguments)?;
    let count = arguments.connections;
    if matches!(arguments.mode, Mode::Churn) {
        return churn::run(&arguments);
    }
    match &arguments.address {
        Address::Tcp(at) => drive(channel::all(count, || channel::tcp(*at))?, &arguments),
        Address::Udp(at) => drive(channel::all(count, || channel::udp(*at))?, &arguments),
        Address::Unix(path) => drive(channel::all(count, || channel::unix(path))?, &arguments),
        Address::Tls(at, trusted) => {
            let config = tls::config(trusted)?;
            drive(channel::all(count, || tls::connect(*at, &config))?, &arguments)
        }
    }
}

fn drive<C: Channel>(channels: Vec<C>, arguments: &Arguments) -> Result<()> {
    match arguments.mode {
        Mode::Open { rate } => open::run(channels, arguments, rate),
        Mode::Closed | Mode::Churn => closed::run(channels, arguments),
    }
}
