//! Many clients of a weather service at once.
//!
//!     cargo run --example weather_client [ADDRESS [CLIENTS]]

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::io::{AsyncBufReadExt, BufReader};
use rondel::net::TcpStream;
use rondel::{Instant, gather, timeout};

#[allow(dead_code)] // what only a service needs
mod weather;

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or(weather::ADDRESS.into());
    let Ok(clients) = arguments.next().map_or(Ok(5), |count| count.parse()) else {
        eprintln!("usage: weather_client [ADDRESS [CLIENTS]]");
        return Ok(ExitCode::from(2));
    };
    rondel::run(async {
        let start = Instant::now();
        let mut failed = 0;
        for answer in ask_all(&address, clients).await {
            match answer {
                Ok(answer) if clients <= 20 => println!("{answer}"),
                Ok(_) => {}
                Err(error) => {
                    failed += 1;
                    eprintln!("{error}");
                }
            }
        }
        println!("{} of {clients} answers after {:.2?}", clients - failed, start.elapsed());
        ExitCode::from(u8::from(failed > 0))
    })
}

/// As many questions at once as there are `clients`, each over a connection of its own.
pub async fn ask_all(address: &str, clients: usize) -> Vec<io::Result<String>> {
    let cities = weather::CITIES.iter().cycle().take(clients);
    gather(cities.map(|city| ask(address, city))).await
}

/// One question, and its answer without the line's end.
pub async fn ask(address: &str, city: &str) -> io::Result<String> {
    timeout(Duration::from_secs(30), async {
        let stream = TcpStream::connect(address).await?;
        stream.write_all(format!("{city}\n").as_bytes()).await?;
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).await?;
        match answer.strip_suffix('\n') {
            Some(answer) => Ok(answer.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    })
    .await?
}
