//! `Socket`: connections of any family.

use std::io::{ErrorKind, IoSlice, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rondel_net::{Socket, Stream};

/// A path in a directory that goes with this.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("rondel-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_unix_socket_connects_at_once() {
    let place = Place::new("connects");
    let listener = UnixListener::bind(place.socket()).unwrap();
    let client = Socket::connect_unix(&place.socket()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let mut buffer = [MaybeUninit::uninit(); 16];
    assert_eq!(client.recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    server.write_all(b"hello").unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), b"hello");

    assert_eq!(client.send(b"one").unwrap(), 3);
    assert_eq!(client.send_vectored(&[IoSlice::new(b"two"), IoSlice::new(b"three")]).unwrap(), 8);
    client.shut_down_writing().unwrap();
    let mut heard = String::new();
    server.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "onetwothree");
    drop(server);
    assert_eq!(client.recv(&mut buffer).unwrap(), b"");
    assert_eq!((client.local_addr(), client.peer_addr()), (None, None));
}

#[test]
fn nobody_listens_on_a_path() {
    let place = Place::new("nobody");
    assert_eq!(Socket::connect_unix(&place.socket()).unwrap_err().kind(), ErrorKind::NotFound);
    drop(UnixListener::bind(place.socket()).unwrap());
    assert_eq!(Socket::connect_unix(&place.socket()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_path_that_no_socket_can_have_is_named() {
    let long = "x".repeat(200);
    for path in ["", "a\0b", &long] {
        let error = Socket::connect_unix(Path::new(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("Unix socket"), "{error}");
    }
}

#[test]
fn a_stream_becomes_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = Socket::from(Stream::from_std(TcpStream::connect(address).unwrap()).unwrap());
    let (_server, peer) = listener.accept().unwrap();
    assert_eq!((client.peer_addr(), client.local_addr()), (Some(address), Some(peer)));
}
