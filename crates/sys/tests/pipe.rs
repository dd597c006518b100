//! Reads and writes on a pipe.

use std::io::{ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rondel_sys::pipe::{read, write, write_vectored};
use rustix::pipe::{PipeFlags, pipe_with};

fn ends() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).expect("a pipe")
}

#[test]
fn what_is_written_is_read() {
    let (reader, writer) = ends();
    assert_eq!(write(&writer, b"one ").expect("write"), 4);
    let rest = [IoSlice::new(b"two "), IoSlice::new(b""), IoSlice::new(b"three")];
    assert_eq!(write_vectored(&writer, &rest).expect("writev"), 9);
    let mut buffer = [MaybeUninit::uninit(); 100];
    assert_eq!(read(&reader, &mut buffer).expect("read"), b"one two three");
}

#[test]
fn nothing_yet_is_an_error_and_the_end_is_none() {
    let (reader, writer) = ends();
    let mut buffer = [MaybeUninit::uninit(); 10];
    assert_eq!(read(&reader, &mut buffer).expect_err("empty").kind(), ErrorKind::WouldBlock);
    drop(writer);
    assert_eq!(read(&reader, &mut buffer).expect("the end"), b"");
}

#[test]
fn a_full_pipe_takes_a_part_and_then_nothing() {
    let (_reader, writer) = ends();
    let data = vec![0; 1 << 20];
    let taken = write(&writer, &data).expect("a part");
    assert!(0 < taken && taken < data.len());
    assert_eq!(write(&writer, &data).expect_err("full").kind(), ErrorKind::WouldBlock);
    assert_eq!(write_vectored(&writer, &[IoSlice::new(&data)]).expect_err("full").kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_pipe_without_reader_is_broken() {
    let (reader, writer) = ends();
    drop(reader);
    // Rust programs ignore SIGPIPE.
    assert_eq!(write(&writer, b"data").expect_err("broken").kind(), ErrorKind::BrokenPipe);
}
