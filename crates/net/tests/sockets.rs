//! `Listener`, `Connect` and `Stream`, driven by a selector alone.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};

use rondel_net::{Connect, Connected, Listener, Stream};
use rondel_sys::socket::IOV_MAX;
use rondel_sys::{Backend, Events, Interest, Selector};

fn loopback() -> Listener {
    Listener::bind(&"127.0.0.1:0".parse().unwrap(), Listener::BACKLOG).unwrap()
}

/// Waits until `fd` is ready.
fn wait(fd: RawFd, interest: Interest) {
    let selector = Selector::new(Backend::Poll).unwrap();
    selector.add(fd, 0, interest).unwrap();
    selector.wait(&mut Events::new(), None).unwrap();
}

fn wait_readable(fd: &impl AsRawFd) {
    wait(fd.as_raw_fd(), Interest { read: true, write: false, once: false });
}

fn connect(address: &SocketAddr) -> std::io::Result<Stream> {
    let mut connect = Connect::start(address)?;
    loop {
        wait(connect.as_raw_fd(), Interest { read: false, write: true, once: false });
        match connect.finish()? {
            Connected::Yes(stream) => return Ok(stream),
            Connected::NotYet(again) => connect = again,
        }
    }
}

fn pair() -> (Stream, Stream) {
    let listener = loopback();
    let client = connect(&listener.local_addr().unwrap()).unwrap();
    wait_readable(&listener);
    let (server, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    (client, server)
}

#[test]
fn nothing_blocks() {
    let listener = loopback();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    let (client, server) = pair();
    assert_eq!(client.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let full = loop {
        if let Err(error) = server.send(&[0; 4096]) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    let slices = [IoSlice::new(b"more")];
    assert_eq!(server.send_vectored(&slices).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_carries_bytes_and_ends_in_halves() {
    let (client, server) = pair();
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    assert_eq!(client.send(b"hello").unwrap(), 5);
    wait_readable(&server);
    let mut buffer = [0; 8];
    assert_eq!(server.recv(&mut buffer).unwrap(), 5);
    assert_eq!(&buffer[..5], b"hello");
    client.shutdown(Shutdown::Write).unwrap();
    wait_readable(&server);
    assert_eq!(server.recv(&mut buffer).unwrap(), 0);
    assert_eq!(server.send(b"bye").unwrap(), 3);
    wait_readable(&client);
    assert_eq!(client.recv(&mut buffer).unwrap(), 3);
}

#[test]
fn a_vectored_send_takes_any_number_of_buffers() {
    let (client, server) = pair();
    let slices = vec![IoSlice::new(b"x"); 2 * IOV_MAX];
    assert_eq!(client.send_vectored(&slices).unwrap(), IOV_MAX);
    assert_eq!(client.send_vectored(&[]).unwrap(), 0);
    wait_readable(&server);
    assert_eq!(server.recv(&mut vec![0; 2 * IOV_MAX]).unwrap(), IOV_MAX);
}

#[test]
fn a_refused_connection_is_an_error_of_finish() {
    let address = loopback().local_addr().unwrap(); // closed at once
    assert_eq!(connect(&address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_connection_on_its_way_is_no_stream_yet() {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap(), 0).unwrap();
    let address = listener.local_addr().unwrap();
    // With the backlog full, the kernel lets the next ones wait.
    let mut under_way: Vec<Connect> = (0..8).map(|_| Connect::start(&address).unwrap()).collect();
    match under_way.pop().unwrap().finish().unwrap() {
        Connected::Yes(stream) => panic!("{stream:?} needed no room in the backlog"),
        Connected::NotYet(connect) => assert!(connect.as_raw_fd() >= 0),
    }
}

#[test]
fn a_port_in_use_is_refused_until_it_is_free() {
    let listener = loopback();
    let address = listener.local_addr().unwrap();
    assert_eq!(Listener::bind(&address, 1).unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(listener);
    Listener::bind(&address, 1).unwrap();
}

#[test]
fn ipv6_where_there_is_one() {
    match Listener::bind(&"[::1]:0".parse().unwrap(), 1) {
        Ok(listener) => {
            let client = connect(&listener.local_addr().unwrap()).unwrap();
            assert!(client.peer_addr().unwrap().is_ipv6());
        }
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported)
                || error.raw_os_error() == Some(97), // EAFNOSUPPORT of Linux
            "{error}"
        ),
    }
}

#[test]
fn a_connection_of_std_can_be_taken() {
    let listener = loopback();
    let mut plain = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    wait_readable(&listener);
    let (server, _) = listener.accept().unwrap();
    let taken = Stream::from_std(plain.try_clone().unwrap()).unwrap();
    assert_eq!(taken.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    taken.set_nodelay(true).unwrap();
    assert!(taken.nodelay().unwrap());
    plain.write_all(b"!").unwrap();
    wait_readable(&server);
    assert_eq!(server.recv(&mut [0; 2]).unwrap(), 1);
    drop(server);
    wait_readable(&taken);
    assert_eq!(plain.read(&mut [0]).unwrap(), 0);
}
