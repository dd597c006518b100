//! Reads and writes on a connected socket.

use std::io::{ErrorKind, IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;

use rondel_sys::socket::{IOV_MAX, recv, send, send_vectored};

fn sockets() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, theirs)
}

#[test]
fn recv_gives_what_there_is_then_would_block_then_the_end() {
    let (ours, theirs) = sockets();
    let mut buffer = [MaybeUninit::uninit(); 8];
    assert_eq!(recv(&ours, &mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(send(&theirs, b"0123456789").unwrap(), 10);
    assert_eq!(recv(&ours, &mut buffer).unwrap(), b"01234567");
    assert_eq!(recv(&ours, &mut buffer).unwrap(), b"89");
    assert_eq!(recv(&ours, &mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(theirs);
    assert_eq!(recv(&ours, &mut buffer).unwrap(), b"");
}

#[test]
fn send_takes_what_fits_and_says_would_block_when_nothing_does() {
    let (ours, mut theirs) = sockets();
    let data = vec![7; 1 << 20];
    let mut taken = 0;
    loop {
        match send(&ours, &data) {
            Ok(count) => taken += count,
            Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(taken > 0);
    drop(ours);
    let mut received = Vec::new();
    theirs.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), taken);
}

#[test]
fn a_send_to_nobody_is_an_error_and_no_signal() {
    let (ours, theirs) = sockets();
    drop(theirs);
    assert_eq!(send(&ours, b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(send_vectored(&ours, &[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn send_vectored_keeps_the_order_of_its_buffers() {
    let (ours, mut theirs) = sockets();
    let slices = [b"one ".as_slice(), b"", b"two ", b"three"].map(IoSlice::new);
    assert_eq!(send_vectored(&ours, &slices).unwrap(), 13);
    drop(ours);
    let mut received = String::new();
    theirs.read_to_string(&mut received).unwrap();
    assert_eq!(received, "one two three");
}

#[test]
fn send_vectored_takes_as_many_buffers_as_it_says() {
    let (ours, _theirs) = sockets();
    assert_eq!(send_vectored(&ours, &vec![IoSlice::new(b"x"); IOV_MAX]).unwrap(), IOV_MAX);
    assert!(send_vectored(&ours, &vec![IoSlice::new(b"x"); IOV_MAX + 1]).is_err());
}
