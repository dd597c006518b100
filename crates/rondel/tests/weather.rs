//! The weather service of the examples and its client, over a real socket.
#![allow(clippy::duplicate_mod)] // each of the examples brings what they share

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use futures_util::future;
use futures_util::io::{AsyncBufReadExt, BufReader};
use futures_util::stream::StreamExt;
use rondel::net::{TcpListener, TcpStream};
use rondel::spawn;

#[allow(dead_code)] // its main
#[path = "../examples/weather_async.rs"]
mod weather_async;
#[allow(dead_code)] // its main
#[path = "../examples/weather_blocking.rs"]
mod weather_blocking;
#[allow(dead_code)] // its main
#[path = "../examples/weather_client.rs"]
mod weather_client;

const MEASURING: Duration = Duration::from_millis(1);

/// The answers that five clients get, in the order of their questions.
const ANSWERS: [&str; 5] = [
    "Cairo: 4 degrees, rain",
    "Lima: 2 degrees, sun",
    "Oslo: 28 degrees, rain",
    "Quito: 5 degrees, rain",
    "Rome: 18 degrees, cloud",
];

/// Asks in every way, against a service of either kind.
async fn check(address: SocketAddr) {
    let text = address.to_string();
    let answers = weather_client::ask_all(&text, 100).await;
    let answers: Vec<String> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers[..5], ANSWERS);
    assert_eq!(answers[95..], ANSWERS);

    let refused = weather_client::ask(&text, "Atlantis").await.unwrap();
    assert_eq!(refused, "error: no station there; there are some in Cairo, Lima, Oslo, Quito, Rome");

    // Who talks no sense is let go, and nobody else minds.
    let error = weather_client::ask(&text, &"x".repeat(1000)).await.unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset), "{error}");

    // Several questions over one connection, some of them at once.
    let stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"Oslo\nRome\n").await.unwrap();
    let mut answers = BufReader::new(&stream).lines();
    assert_eq!(answers.next().await.unwrap().unwrap(), ANSWERS[2]);
    assert_eq!(answers.next().await.unwrap().unwrap(), ANSWERS[4]);
    stream.write_all(b"Lima\n").await.unwrap();
    assert_eq!(answers.next().await.unwrap().unwrap(), ANSWERS[1]);
}

#[test]
fn the_service_on_the_loop() {
    rondel::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = spawn(async move { weather_async::serve(&listener, MEASURING).await });
        check(address).await;
        service.cancel();
        assert!(service.await.is_err());
        let late = weather_client::ask(&address.to_string(), "Oslo").await.unwrap_err();
        assert_eq!(late.kind(), std::io::ErrorKind::ConnectionRefused);
    })
    .unwrap();
}

#[test]
fn on_the_loop_all_clients_wait_together() {
    rondel::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // One station takes for ever; that keeps none of the others waiting.
        let hour = Duration::from_hours(1);
        let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let slow_address = slow.local_addr().unwrap().to_string();
        spawn(async move { weather_async::serve(&listener, MEASURING).await });
        spawn(async move { weather_async::serve(&slow, hour).await });
        let waiting = weather_client::ask_all(&slow_address, 50);
        let answered = weather_client::ask_all(&address, 50);
        futures_util::pin_mut!(waiting, answered);
        match future::select(waiting, answered).await {
            future::Either::Left(_) => panic!("an hour has passed"),
            future::Either::Right((answers, _)) => assert!(answers.into_iter().all(|answer| answer.is_ok())),
        }
    })
    .unwrap();
}

#[test]
fn the_blocking_service_on_a_thread() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || weather_blocking::serve(&listener, MEASURING));
    rondel::run(check(address)).unwrap();
}
