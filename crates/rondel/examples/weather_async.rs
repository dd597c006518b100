//! The weather service on rondel: any number of clients wait together, on one thread.
//!
//!     cargo run --example weather_async [ADDRESS]
//!     cargo run --example weather_client        (in another terminal)

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use rondel::net::{TcpListener, TcpStream};
use rondel::{sleep, spawn, timeout};

mod weather;

fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or(weather::ADDRESS);
    let served = rondel::run(async {
        let listener = TcpListener::bind(address).await?;
        println!("weather on {}, all clients together", listener.local_addr()?);
        serve(&listener, weather::MEASURING).await;
        Ok(())
    });
    if let Err(error) = served.flatten() {
        eprintln!("{error}");
    }
    ExitCode::FAILURE // without an error it goes on for ever
}

/// Who says nothing for so long is let go.
const PATIENCE: Duration = Duration::from_mins(1);

/// Serves all clients that come, for ever.
pub async fn serve(listener: &TcpListener, measuring: Duration) {
    loop {
        match listener.accept().await {
            Ok((client, peer)) => {
                spawn(async move {
                    if let Err(error) = talk(&client, measuring).await {
                        eprintln!("{peer}: {error}");
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: some clients may leave.
                eprintln!("cannot take a client: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn talk(client: &TcpStream, measuring: Duration) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client);
    loop {
        let mut line = String::new();
        let mut bounded = (&mut reader).take(weather::LONGEST_LINE);
        timeout(PATIENCE, bounded.read_line(&mut line)).await??;
        if !line.ends_with('\n') {
            return Ok(()); // the client has gone, or talks no sense
        }
        sleep(measuring).await; // and everybody else goes on meanwhile
        client.write_all(weather::answer(&line).as_bytes()).await?;
    }
}
