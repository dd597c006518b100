//! What `selector` promises of every backend, asked of each.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rondel_sys::{Backend, Event, Events, Interest, Selector};

const READ: Interest = Interest { read: true, write: false, once: false };
const WRITE: Interest = Interest { read: false, write: true, once: false };
const BOTH: Interest = Interest { read: true, write: true, once: false };

macro_rules! on_either_backend {
    ($($name:ident),* $(,)?) => {
        #[cfg(target_os = "linux")]
        mod epoll { $(#[test] fn $name() { super::$name(&super::selector(super::Backend::Epoll)) })* }
        mod poll { $(#[test] fn $name() { super::$name(&super::selector(super::Backend::Poll)) })* }
    };
}

on_either_backend! {
    says_which_backend_it_is,
    reports_a_descriptor_for_as_long_as_it_is_ready,
    reports_the_directions_that_are_ready,
    reports_only_what_somebody_waits_for,
    reports_a_hang_up_in_both_directions,
    reports_a_broken_pipe_to_a_reader_and_to_a_writer,
    modify_changes_the_token_and_the_interest,
    reports_once_where_that_is_asked_for,
    is_silent_about_a_hang_up_after_one_report,
    delete_ends_the_reports,
    refuses_what_is_watched_already,
    refuses_changes_of_what_is_not_watched,
    refuses_what_is_always_ready,
    refuses_what_is_not_open,
    reports_all_of_very_many_descriptors,
    replaces_the_events_of_the_wait_before,
}

fn selector(backend: Backend) -> Selector {
    Selector::new(backend).unwrap()
}

/// What is ready now.
fn look(selector: &Selector) -> Vec<Event> {
    let mut events = Events::new();
    selector.wait(&mut events, Some(Duration::ZERO)).unwrap();
    let mut found: Vec<Event> = events.iter().collect();
    found.sort_by_key(|event| event.token);
    found
}

fn readable(token: u64) -> Event {
    Event { token, readable: true, writable: false }
}

fn writable(token: u64) -> Event {
    Event { token, readable: false, writable: true }
}

fn ready(token: u64) -> Event {
    Event { token, readable: true, writable: true }
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

fn sockets() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, theirs)
}

fn readable_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"ab").unwrap();
    (reader, writer)
}

fn says_which_backend_it_is(selector: &Selector) {
    let named = match selector.backend() {
        Backend::Epoll => "epoll",
        Backend::Poll => "poll",
    };
    assert_eq!(selector.backend().name(), named);
}

fn reports_a_descriptor_for_as_long_as_it_is_ready(selector: &Selector) {
    let (mut reader, _writer) = readable_pipe();
    selector.add(reader.as_raw_fd(), 7, READ).unwrap();
    assert_eq!(look(selector), [readable(7)]);
    assert_eq!(look(selector), [readable(7)], "nothing was read");
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(look(selector), [readable(7)], "one of two bytes was read");
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(look(selector), []);
}

fn reports_the_directions_that_are_ready(selector: &Selector) {
    let (mut ours, mut theirs) = sockets();
    selector.add(ours.as_raw_fd(), 1, BOTH).unwrap();
    assert_eq!(look(selector), [writable(1)]);
    theirs.write_all(b"x").unwrap();
    assert_eq!(look(selector), [ready(1)]);
    while ours.write(&[0; 4096]).is_ok() {}
    assert_eq!(look(selector), [readable(1)], "the buffer is full");
}

fn reports_only_what_somebody_waits_for(selector: &Selector) {
    let (ours, mut theirs) = sockets();
    theirs.write_all(b"x").unwrap();
    selector.add(ours.as_raw_fd(), 1, READ).unwrap();
    assert_eq!(look(selector), [readable(1)]);
    selector.modify(ours.as_raw_fd(), 1, WRITE).unwrap();
    assert_eq!(look(selector), [writable(1)]);
}

fn reports_a_hang_up_in_both_directions(selector: &Selector) {
    for interest in [READ, WRITE, BOTH] {
        let (ours, theirs) = sockets();
        selector.add(ours.as_raw_fd(), 1, interest).unwrap();
        drop(theirs);
        assert_eq!(look(selector), [ready(1)], "{interest:?}");
        selector.delete(ours.as_raw_fd()).unwrap();
    }
}

fn reports_a_broken_pipe_to_a_reader_and_to_a_writer(selector: &Selector) {
    let (reader, writer) = pipe().unwrap();
    selector.add(writer.as_raw_fd(), 1, WRITE).unwrap();
    drop(reader);
    assert_eq!(look(selector), [ready(1)]);
    selector.delete(writer.as_raw_fd()).unwrap();

    let (reader, writer) = pipe().unwrap();
    selector.add(reader.as_raw_fd(), 2, READ).unwrap();
    drop(writer);
    assert_eq!(look(selector), [ready(2)]);
}

fn modify_changes_the_token_and_the_interest(selector: &Selector) {
    let (ours, mut theirs) = sockets();
    theirs.write_all(b"x").unwrap();
    selector.add(ours.as_raw_fd(), 1, WRITE).unwrap();
    selector.modify(ours.as_raw_fd(), 2, READ).unwrap();
    assert_eq!(look(selector), [readable(2)]);
}

fn reports_once_where_that_is_asked_for(selector: &Selector) {
    let (reader, _writer) = readable_pipe();
    let once = Interest { once: true, ..READ };
    selector.add(reader.as_raw_fd(), 7, once).unwrap();
    for token in [7, 8] {
        assert_eq!(look(selector), [readable(token)]);
        assert_eq!(look(selector), []);
        selector.modify(reader.as_raw_fd(), 8, once).unwrap();
    }
    assert_eq!(look(selector), [readable(8)]);
    selector.modify(reader.as_raw_fd(), 9, READ).unwrap();
    assert_eq!(look(selector), [readable(9)]);
    assert_eq!(look(selector), [readable(9)], "for as long as it is ready");
}

fn is_silent_about_a_hang_up_after_one_report(selector: &Selector) {
    let (ours, theirs) = sockets();
    selector.add(ours.as_raw_fd(), 1, Interest { once: true, ..BOTH }).unwrap();
    assert_eq!(look(selector), [writable(1)]);
    drop(theirs);
    assert_eq!(look(selector), []);
    selector.delete(ours.as_raw_fd()).unwrap();
}

fn delete_ends_the_reports(selector: &Selector) {
    let (reader, _writer) = readable_pipe();
    selector.add(reader.as_raw_fd(), 1, READ).unwrap();
    selector.delete(reader.as_raw_fd()).unwrap();
    assert_eq!(look(selector), []);
    selector.add(reader.as_raw_fd(), 2, READ).unwrap();
    assert_eq!(look(selector), [readable(2)]);
}

fn refuses_what_is_watched_already(selector: &Selector) {
    let (reader, _writer) = readable_pipe();
    selector.add(reader.as_raw_fd(), 1, READ).unwrap();
    assert_eq!(errno(selector.add(reader.as_raw_fd(), 2, READ)), Some(libc::EEXIST));
    assert_eq!(look(selector), [readable(1)], "the first one stays");
}

fn refuses_changes_of_what_is_not_watched(selector: &Selector) {
    let (reader, _writer) = readable_pipe();
    assert_eq!(errno(selector.modify(reader.as_raw_fd(), 1, READ)), Some(libc::ENOENT));
    assert_eq!(errno(selector.delete(reader.as_raw_fd())), Some(libc::ENOENT));
}

fn refuses_what_is_always_ready(selector: &Selector) {
    for path in [std::env::current_exe().unwrap(), "/".into()] {
        let file = File::open(path).unwrap();
        assert_eq!(errno(selector.add(file.as_raw_fd(), 1, READ)), Some(libc::EPERM));
    }
    assert_eq!(look(selector), []);
}

fn refuses_what_is_not_open(selector: &Selector) {
    for nothing in [-1, RawFd::MIN, RawFd::MAX] {
        assert_eq!(errno(selector.add(nothing, 1, READ)), Some(libc::EBADF), "add {nothing}");
        let gone = [Some(libc::EBADF), Some(libc::ENOENT)];
        assert!(gone.contains(&errno(selector.modify(nothing, 1, READ))), "modify {nothing}");
        assert!(gone.contains(&errno(selector.delete(nothing))), "delete {nothing}");
    }
}

fn reports_all_of_very_many_descriptors(selector: &Selector) {
    const MANY: usize = 1500;
    raise_descriptor_limit();
    let (reader, _writer) = readable_pipe();
    let copies: Vec<PipeReader> = (0..MANY).map(|_| reader.try_clone().unwrap()).collect();
    for (copy, token) in copies.iter().zip(0..) {
        selector.add(copy.as_raw_fd(), token, READ).unwrap();
    }
    let mut seen = vec![false; MANY];
    // What does not fit into one wait comes with the next, before the first ones come again.
    for event in look(selector).into_iter().chain(look(selector)) {
        seen[usize::try_from(event.token).unwrap()] = true;
    }
    assert_eq!(seen.iter().filter(|seen| !**seen).count(), 0);
}

fn replaces_the_events_of_the_wait_before(selector: &Selector) {
    let (mut reader, _writer) = readable_pipe();
    selector.add(reader.as_raw_fd(), 1, READ).unwrap();
    let mut events = Events::default();
    selector.wait(&mut events, None).unwrap();
    selector.wait(&mut events, None).unwrap();
    assert_eq!(events.iter().count(), 1);
    reader.read_exact(&mut [0; 2]).unwrap();
    selector.wait(&mut events, Some(Duration::ZERO)).unwrap();
    assert_eq!(events.iter().count(), 0);
}

fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
