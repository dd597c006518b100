//! Sources: keys that are never used twice, interest, and the errors of asking for it.

use std::io::{ErrorKind, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread;

use rondel_engine::{Backend, SourceKey};

use crate::harness::{Loop, on_either_backend, readable_pipe};

on_either_backend! {
    a_reader_is_queued_for_as_long_as_there_is_something_to_read,
    a_hang_up_is_queued_for_a_reader_and_for_a_writer,
    what_is_told_once_is_forgotten,
    one_of_two_told_once_leaves_the_other,
    what_is_told_once_leaves_a_watcher_that_stays,
    after_being_told_once_a_descriptor_needs_no_look,
    a_watcher_is_given_back_when_it_is_replaced_or_removed,
    a_key_finds_nothing_once_its_source_is_removed,
    a_late_event_of_a_removed_source_is_dropped,
    a_late_event_does_not_reach_the_next_source_of_the_descriptor,
    an_event_for_a_direction_given_up_meanwhile_is_dropped,
    a_second_source_of_a_watched_descriptor_is_refused,
    what_can_not_be_watched_is_refused,
    a_source_added_by_another_thread_ends_the_wait_under_way,
    a_source_removed_by_another_thread_is_not_queued,
}

fn a_reader_is_queued_for_as_long_as_there_is_something_to_read(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (mut reader, mut writer) = pipe().unwrap();
    it.read(&reader, 1);
    assert_eq!(it.turn_with(0), [0]);
    writer.write_all(b"xy").unwrap();
    assert_eq!(it.turn(), [1]);
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(it.turn(), [1]);
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(it.turn_with(0), [0]);
}

fn a_hang_up_is_queued_for_a_reader_and_for_a_writer(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (ours, theirs) = UnixStream::pair().unwrap();
    let key = it.driver.add_source(ours.as_raw_fd());
    it.driver.set_writer(key, Some(2)).unwrap();
    drop(theirs);
    assert_eq!(it.turn(), [2]);
    it.driver.set_reader(key, Some(1)).unwrap();
    assert_eq!(it.turn(), [1, 2]);
    it.driver.set_writer(key, None).unwrap();
    assert_eq!(it.turn(), [1]);
    it.driver.set_reader(key, None).unwrap();
    assert_eq!(it.reports(), 0, "nobody waits, nobody is told");
}

fn what_is_told_once_is_forgotten(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let key = it.driver.add_source(reader.as_raw_fd());
    for watcher in 1..4 {
        assert_eq!(it.driver.set_reader_once(key, watcher).unwrap(), None);
        assert_eq!(it.turn(), [watcher]);
        assert_eq!(it.driver.watchers(key), (None, None));
        assert_eq!(it.reports(), 0, "there is something to read still");
    }
    assert_eq!(it.driver.set_reader_once(key, 4).unwrap(), None);
    assert_eq!(it.driver.set_reader(key, None).unwrap(), Some(4));
    assert_eq!(it.reports(), 0);
}

fn one_of_two_told_once_leaves_the_other(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let key = it.driver.add_source(ours.as_raw_fd());
    it.driver.set_reader_once(key, 1).unwrap();
    it.driver.set_writer_once(key, 2).unwrap();
    assert_eq!(it.turn(), [2]);
    assert_eq!(it.driver.watchers(key), (Some(&1), None));
    while ours.write(&[0; 4096]).is_ok() {}
    it.driver.set_writer_once(key, 3).unwrap();
    theirs.write_all(b"x").unwrap();
    assert_eq!(it.turn(), [1]);
    assert_eq!(it.driver.watchers(key), (None, Some(&3)));
    drop(theirs);
    assert_eq!(it.turn(), [3]);
    assert_eq!(it.reports(), 0);
}

fn what_is_told_once_leaves_a_watcher_that_stays(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"x").unwrap();
    let key = it.read(&ours, 1);
    it.driver.set_writer_once(key, 2).unwrap();
    assert_eq!(it.turn(), [1, 2]);
    assert_eq!(it.turn(), [1]);
    assert_eq!(it.turn(), [1]);
    assert_eq!(it.driver.set_reader_once(key, 3).unwrap(), Some(1));
    assert_eq!(it.turn(), [3]);
    assert_eq!(it.reports(), 0);
}

/// An embedder whose descriptors are all silent skips its looks at the selector.
fn after_being_told_once_a_descriptor_needs_no_look(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let key = it.driver.add_source(reader.as_raw_fd());
    it.driver.set_reader_once(key, 1).unwrap();
    it.driver.push(0);
    assert!(it.driver.prepare().is_some());
    assert_eq!(it.turn(), [0, 1]);
    it.driver.push(0);
    assert!(it.driver.prepare().is_none());
    it.driver.set_reader_once(key, 2).unwrap();
    assert!(it.driver.prepare().is_some());
}

fn a_watcher_is_given_back_when_it_is_replaced_or_removed(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let key = it.read(&ours, 1);
    assert_eq!(it.driver.set_writer(key, Some(2)).unwrap(), None);
    assert_eq!(it.driver.watchers(key), (Some(&1), Some(&2)));
    assert_eq!(it.driver.set_reader(key, Some(3)).unwrap(), Some(1));
    assert_eq!(it.driver.set_writer(key, None).unwrap(), Some(2));
    assert_eq!(it.driver.set_writer(key, None).unwrap(), None);
    assert_eq!(it.driver.held().1.collect::<Vec<_>>(), [&3]);
    assert_eq!(it.driver.remove_source(key), (Some(3), None));
    assert_eq!(it.driver.held().1.count(), 0);
}

fn a_key_finds_nothing_once_its_source_is_removed(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let mut old: Vec<SourceKey> = Vec::new();
    for watcher in 0..5 {
        let key = it.read(&reader, watcher);
        assert!(!old.contains(&key));
        for &old in &old {
            assert_eq!(it.driver.set_reader(old, Some(9)).unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(it.driver.set_writer(old, None).unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(it.driver.watchers(old), (None, None));
            assert_eq!(it.driver.remove_source(old), (None, None));
        }
        assert_eq!(it.turn(), [watcher]);
        assert_eq!(it.driver.remove_source(key), (Some(watcher), None));
        old.push(key);
    }
    assert_eq!(it.reports(), 0);
}

fn a_late_event_of_a_removed_source_is_dropped(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let key = it.read(&reader, 1);
    let wait = it.driver.prepare().unwrap();
    wait.block(&mut it.events).unwrap();
    it.driver.remove_source(key);
    assert_eq!(it.driver.collect(Some(&it.events)), 0);
}

fn a_late_event_does_not_reach_the_next_source_of_the_descriptor(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let key = it.read(&reader, 1);
    let wait = it.driver.prepare().unwrap();
    wait.block(&mut it.events).unwrap();
    it.driver.remove_source(key);
    it.read(&reader, 2);
    assert_eq!(it.driver.collect(Some(&it.events)), 0);
    assert_eq!(it.turn(), [2]);
}

fn an_event_for_a_direction_given_up_meanwhile_is_dropped(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"x").unwrap();
    let key = it.read(&ours, 1);
    it.driver.set_writer(key, Some(2)).unwrap();
    let wait = it.driver.prepare().unwrap();
    wait.block(&mut it.events).unwrap();
    it.driver.set_reader(key, None).unwrap();
    assert_eq!(it.driver.collect(Some(&it.events)), 1);
    assert_eq!(it.driver.take(), Some(2));
}

fn a_second_source_of_a_watched_descriptor_is_refused(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let first = it.read(&reader, 1);
    let second = it.driver.add_source(reader.as_raw_fd());
    assert_eq!(it.driver.set_reader(second, Some(2)).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(it.driver.watchers(second), (None, None), "nothing changed");
    assert_eq!(it.turn(), [1]);
    it.driver.remove_source(second);
    assert_eq!(it.turn(), [1], "the first one stays watched");
    it.driver.remove_source(first);
    assert_eq!(it.reports(), 0);
}

fn what_can_not_be_watched_is_refused(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    let always_ready = it.driver.add_source(file.as_raw_fd());
    assert_eq!(it.driver.set_reader(always_ready, Some(1)).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(it.driver.set_writer(always_ready, Some(1)).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(it.driver.set_writer(always_ready, None).unwrap(), None, "not to wait is always possible");
    for number in [-1, i32::MAX] {
        let bad = it.driver.add_source(number);
        let error = it.driver.set_reader(bad, Some(1)).unwrap_err();
        assert!(error.to_string().contains("Bad file descriptor"), "{error}");
        assert_eq!(it.driver.set_reader(bad, None).unwrap(), None);
        assert_eq!(it.driver.remove_source(bad), (None, None));
    }
    it.driver.push(1);
    assert!(it.driver.prepare().is_none(), "nothing is watched");
}

fn a_source_added_by_another_thread_ends_the_wait_under_way(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let wait = it.driver.prepare().unwrap();
    assert!(wait.may_sleep());
    thread::scope(|scope| {
        let events = &mut it.events;
        let waiting = scope.spawn(move || wait.block(events));
        let key = it.driver.add_source(reader.as_raw_fd());
        it.driver.set_reader(key, Some(1)).unwrap();
        waiting.join().unwrap().unwrap();
    });
    let found = it.driver.collect(Some(&it.events));
    // With poll that wait knew nothing of the source yet; the next one does.
    let found = if found == 0 { it.collect() } else { found };
    assert_eq!((found, it.driver.take()), (1, Some(1)));
}

fn a_source_removed_by_another_thread_is_not_queued(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, mut writer) = pipe().unwrap();
    let (other, mut other_writer) = pipe().unwrap();
    let key = it.read(&reader, 1);
    it.read(&other, 2);
    let wait = it.driver.prepare().unwrap();
    thread::scope(|scope| {
        let events = &mut it.events;
        let waiting = scope.spawn(move || wait.block(events));
        it.driver.remove_source(key);
        writer.write_all(b"x").unwrap();
        it.driver.remote().wake();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(it.driver.collect(Some(&it.events)), 0);
    other_writer.write_all(b"x").unwrap();
    assert_eq!(it.turn(), [2]);
}
