//! The weather service with plain blocking calls: who comes second waits until the first is served.
//!
//!     cargo run --example weather_blocking [ADDRESS]
//!     cargo run --example weather_client        (in another terminal)

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

mod weather;

fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or(weather::ADDRESS);
    let served = TcpListener::bind(address).and_then(|listener| {
        println!("weather on {}, one client at a time", listener.local_addr()?);
        serve(&listener, weather::MEASURING)
    });
    if let Err(error) = served {
        eprintln!("cannot serve on {address}: {error}");
    }
    ExitCode::FAILURE // without an error it goes on for ever
}

/// Serves one client after another, for ever.
pub fn serve(listener: &TcpListener, measuring: Duration) -> io::Result<()> {
    loop {
        let (client, peer) = listener.accept()?;
        if let Err(error) = talk(&client, measuring) {
            eprintln!("{peer}: {error}");
        }
    }
}

fn talk(mut client: &TcpStream, measuring: Duration) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    loop {
        let mut line = String::new();
        (&mut reader).take(weather::LONGEST_LINE).read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Ok(()); // the client has gone, or talks no sense
        }
        thread::sleep(measuring); // and nobody else is served meanwhile
        client.write_all(weather::answer(&line).as_bytes())?;
    }
}
