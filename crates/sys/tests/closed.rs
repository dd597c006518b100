//! Descriptors that were closed while a selector watched them. A program of its own, in which one test runs at a time:
//! a number that is free must stay free.

use std::io::{self, PipeReader, PipeWriter, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rondel_sys::{Backend, Events, Interest, Selector};

const READ: Interest = Interest { read: true, write: false, once: false };
const BOTH: Interest = Interest { read: true, write: true, once: false };
#[cfg(target_os = "linux")]
const BACKENDS: &[Backend] = &[Backend::Epoll, Backend::Poll];
#[cfg(not(target_os = "linux"))]
const BACKENDS: &[Backend] = &[Backend::Poll];

fn one_at_a_time() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tokens of what can be read now.
fn look(selector: &Selector) -> Vec<u64> {
    let mut events = Events::new();
    selector.wait(&mut events, Some(Duration::ZERO)).unwrap();
    events.iter().map(|event| event.token).collect()
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

fn readable_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    (reader, writer)
}

/// Closes `old` and gives its number to another pipe that can be read.
fn replace(old: PipeReader) -> (PipeReader, PipeWriter) {
    let number: RawFd = old.as_raw_fd();
    drop(old);
    // The system gives out the lowest free number.
    let (reader, writer) = readable_pipe();
    assert_eq!(reader.as_raw_fd(), number);
    (reader, writer)
}

#[test]
fn it_drops_out_by_itself() {
    let _running = one_at_a_time();
    for &backend in BACKENDS {
        let selector = Selector::new(backend).unwrap();
        let (reader, _writer) = readable_pipe();
        let number = reader.as_raw_fd();
        selector.add(number, 1, READ).unwrap();
        assert_eq!(look(&selector), [1]);
        drop(reader);
        assert_eq!(look(&selector), [], "{backend:?}");
        let gone = [Some(libc::EBADF), Some(libc::ENOENT)];
        assert!(gone.contains(&errno(selector.modify(number, 1, READ))), "{backend:?}");
        assert!(gone.contains(&errno(selector.delete(number))), "{backend:?}");
    }
}

#[test]
fn the_next_owner_of_its_number_can_be_added() {
    let _running = one_at_a_time();
    for &backend in BACKENDS {
        let selector = Selector::new(backend).unwrap();
        let (reader, _writer) = readable_pipe();
        selector.add(reader.as_raw_fd(), 1, READ).unwrap();
        let (reader, _other_writer) = replace(reader);
        assert_eq!(errno(selector.modify(reader.as_raw_fd(), 1, BOTH)), Some(libc::ENOENT), "{backend:?}");
        selector.add(reader.as_raw_fd(), 2, READ).unwrap();
        assert_eq!(look(&selector), [2], "{backend:?}");
    }
}

/// The reason why the engine makes a new set when a token comes that it does not know.
#[test]
#[cfg(target_os = "linux")]
fn epoll_goes_on_reporting_it_while_a_duplicate_lives() {
    let _running = one_at_a_time();
    let selector = Selector::new(Backend::Epoll).unwrap();
    let (reader, _writer) = readable_pipe();
    let number = reader.as_raw_fd();
    let _duplicate = reader.try_clone().unwrap();
    selector.add(number, 1, READ).unwrap();
    drop(reader);
    assert_eq!(look(&selector), [1]);
    assert_eq!(errno(selector.delete(number)), Some(libc::EBADF), "and nothing can be done about it");
    assert_eq!(look(&selector), [1]);
}

#[test]
fn poll_takes_the_next_owner_of_its_number_for_it_until_told() {
    let _running = one_at_a_time();
    let selector = Selector::new(Backend::Poll).unwrap();
    let (reader, _writer) = readable_pipe();
    selector.add(reader.as_raw_fd(), 1, READ).unwrap();
    let (reader, _other_writer) = replace(reader);
    assert_eq!(look(&selector), [1]);
    selector.delete(reader.as_raw_fd()).unwrap();
    assert_eq!(look(&selector), []);
}
