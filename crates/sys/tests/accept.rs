//! Connections that are taken from a listening socket.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use rondel_sys::accept::accept;
use rondel_sys::sockaddr::{Address, SocketAddress};
use rustix::fs::OFlags;
use rustix::io::FdFlags;

#[test]
fn a_connection_its_flags_and_its_peer() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut peer = SocketAddress::default();
    assert_eq!(accept(&listener, &mut peer).unwrap_err().kind(), ErrorKind::WouldBlock);
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let connection = accept(&listener, &mut peer).unwrap();
    let Some(Address::V4(address)) = peer.address() else { panic!("{peer:?}") };
    assert_eq!(std::net::SocketAddr::V4(address), client.local_addr().unwrap());
    assert!(rustix::fs::fcntl_getfl(&connection).unwrap().contains(OFlags::NONBLOCK));
    assert!(rustix::io::fcntl_getfd(&connection).unwrap().contains(FdFlags::CLOEXEC));
}

#[test]
fn a_unix_client_without_a_name() {
    let path = std::env::temp_dir().join(format!("rondel-accept-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let _client = UnixStream::connect(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut peer = SocketAddress::default();
    accept(&listener, &mut peer).unwrap();
    assert_eq!(peer.address(), Some(Address::Path(b"")));
}

#[test]
fn what_does_not_listen() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let error = accept(&client, &mut SocketAddress::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
