//! What goes wrong with addresses, and how it is said.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rondel::net::{AddressError, TcpListener, TcpStream, lookup};

/// A port of the loopback that nobody listens on.
async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn inner(error: &io::Error) -> &AddressError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn a_refused_connection_says_where() {
    rondel::run(async {
        let address = free_address().await;
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with(&format!("cannot connect to {address}: ")), "{error}");
        assert_eq!(inner(&error).operation(), "connect to");
        assert_eq!(inner(&error).address(), address.to_string());
        assert!(inner(&error).cause().raw_os_error().is_some());
        assert!(inner(&error).source().is_some());
    })
    .unwrap();
}

#[test]
fn a_port_in_use_says_where() {
    rondel::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("cannot listen on {address}: ")), "{error}");
    })
    .unwrap();
}

#[test]
fn a_port_can_be_taken_again_at_once() {
    rondel::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        drop(listener.accept().await.unwrap()); // its end lingers in TIME_WAIT
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop((client, listener));
        TcpListener::bind(address).await.unwrap();
    })
    .unwrap();
}

#[test]
fn a_name_that_does_not_exist_is_named() {
    rondel::run(async {
        // Reserved never to exist (RFC 2606).
        let error = TcpStream::connect("no-such-host.invalid:80").await.unwrap_err();
        assert!(error.to_string().starts_with("cannot look up no-such-host.invalid: "), "{error}");
        assert!(TcpListener::bind(("no-such-host.invalid", 80)).await.is_err());
    })
    .unwrap();
}

#[test]
fn what_is_no_address_is_refused() {
    rondel::run(async {
        for text in ["", "host", "host:", ":80", "host:http", "host:65536", "host:-1", "::1:80", "[::1]", "a:b:80"] {
            let error = lookup(text).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            let message = error.to_string();
            assert!(message.starts_with(&format!("{text:?} is no address: give HOST:PORT")), "{message}");
        }
    })
    .unwrap();
}

#[test]
fn each_way_to_say_an_address() {
    rondel::run(async {
        let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 80));
        assert_eq!(lookup(v4).await.unwrap(), [v4]);
        assert_eq!(lookup("127.0.0.1:80").await.unwrap(), [v4]);
        assert_eq!(lookup(String::from("[::1]:80")).await.unwrap(), [v6]);
        assert_eq!(lookup(("127.0.0.1", 80)).await.unwrap(), [v4]);
        assert_eq!(lookup((String::from("::1"), 80)).await.unwrap(), [v6]);
        assert_eq!(lookup((Ipv4Addr::LOCALHOST, 80)).await.unwrap(), [v4]);
        assert_eq!(lookup(&(Ipv6Addr::LOCALHOST, 80)).await.unwrap(), [v6]);
        for found in lookup("localhost:80").await.unwrap() {
            assert!(found.ip().is_loopback() && found.port() == 80, "{found}");
        }
    })
    .unwrap();
}

#[test]
fn a_name_leads_to_a_listener() {
    rondel::run(async {
        // The listener has one of the addresses of the name, the client may have to try more.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("localhost", port)).await.unwrap();
        let (_server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    })
    .unwrap();
}
