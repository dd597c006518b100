//! The order and the extent of a turn, as in `BaseEventLoop._run_once` of CPython.

use std::io::{Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use rondel_engine::{Backend, Wait};

use crate::harness::{Loop, on_either_backend, readable_pipe};

on_either_backend! {
    ready_items_come_first_then_remotes_then_descriptors_then_timers,
    a_descriptor_that_is_ready_both_ways_gives_its_reader_first,
    what_a_turn_pushes_belongs_to_the_next,
    what_an_interrupted_turn_left_comes_before_what_is_newer,
    with_items_ready_and_nothing_watched_there_is_nothing_to_wait_for,
    with_items_ready_and_something_watched_a_wait_only_looks,
    a_wait_that_is_prepared_and_not_made_loses_nothing,
    a_turn_prepared_twice_does_not_sleep_the_second_time,
    a_bare_wake_gives_an_empty_turn,
    a_byte_in_the_wakeup_descriptor_ends_a_wait,
    an_old_wake_does_not_keep_later_turns_awake,
    idle_is_who_has_nothing_ready_pushed_woken_or_due,
}

fn ready_items_come_first_then_remotes_then_descriptors_then_timers(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    it.read(&reader, 30);
    it.driver.schedule(0, 40);
    it.driver.remote().push(20).unwrap();
    it.driver.push(10);
    it.driver.push(11);
    it.driver.remote().push(21).unwrap();
    it.driver.schedule(0, 41);
    assert_eq!(it.turn(), [10, 11, 20, 21, 30, 40, 41]);
}

fn a_descriptor_that_is_ready_both_ways_gives_its_reader_first(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(b"x").unwrap();
    let key = it.driver.add_source(ours.as_raw_fd());
    it.driver.set_writer(key, Some(2)).unwrap();
    assert_eq!(it.turn(), [2]);
    it.driver.set_reader(key, Some(1)).unwrap();
    assert_eq!(it.turn(), [1, 2]);
}

fn what_a_turn_pushes_belongs_to_the_next(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.push(1);
    it.driver.push(2);
    assert_eq!(it.collect(), 2);
    assert_eq!(it.driver.take(), Some(1));
    it.driver.push(3);
    it.driver.remote().push(4).unwrap();
    it.driver.schedule(0, 5);
    assert_eq!(it.driver.take(), Some(2));
    assert_eq!(it.turn(), [3, 4, 5]);
}

fn what_an_interrupted_turn_left_comes_before_what_is_newer(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    for item in [1, 2, 3] {
        it.driver.push(item);
    }
    assert_eq!(it.collect(), 3);
    assert_eq!(it.driver.take(), Some(1));
    it.driver.push(4);
    assert_eq!(it.driver.ready().copied().collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(it.driver.ready_len(), 3);
    assert_eq!(it.turn(), [2, 3, 4]);
}

fn with_items_ready_and_nothing_watched_there_is_nothing_to_wait_for(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.push(1);
    assert!(it.driver.prepare().is_none());
    assert_eq!(it.turn(), [1]);
    it.driver.remote().push(2).unwrap();
    assert!(it.driver.prepare().is_none());
    assert_eq!(it.turn(), [2]);
}

fn with_items_ready_and_something_watched_a_wait_only_looks(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, mut writer) = pipe().unwrap();
    let key = it.read(&reader, 2);
    it.driver.push(1);
    assert!(!it.driver.prepare().unwrap().may_sleep());
    assert_eq!(it.turn(), [1]);
    it.driver.remote().push(1).unwrap();
    assert!(!it.driver.prepare().unwrap().may_sleep());
    assert_eq!(it.turn(), [1]);
    writer.write_all(b"x").unwrap();
    assert_eq!(it.turn_with(1), [1, 2]);
    it.driver.set_reader(key, None).unwrap();
    it.driver.push(1);
    assert!(it.driver.prepare().is_none(), "nothing is watched any more");
}

fn a_wait_that_is_prepared_and_not_made_loses_nothing(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let remote = it.driver.remote().clone();
    assert!(it.driver.prepare().unwrap().may_sleep());
    assert_eq!(it.driver.collect(None), 0);
    remote.push(1).unwrap();
    assert_eq!(it.turn(), [1]);

    assert!(it.driver.prepare().unwrap().may_sleep());
    remote.push(2).unwrap();
    assert_eq!(it.driver.collect(None), 1);
    assert_eq!(it.driver.take(), Some(2));

    // The wake of the last push is still in the pipe: it may end one wait early, and no more than one.
    let wait = it.driver.prepare();
    assert!(wait.as_ref().is_some_and(Wait::may_sleep));
    assert_eq!(it.collect_after(wait.as_ref()), 0);
    remote.push(3).unwrap();
    assert_eq!(it.turn(), [3]);
}

fn a_turn_prepared_twice_does_not_sleep_the_second_time(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    assert!(it.driver.prepare().unwrap().may_sleep());
    assert!(it.driver.prepare().is_none());
    assert_eq!(it.driver.collect(None), 0);
    assert!(it.driver.prepare().unwrap().may_sleep());
}

fn a_bare_wake_gives_an_empty_turn(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.remote().wake();
    assert_eq!(it.turn(), []);
    let wait = it.driver.prepare();
    assert!(wait.as_ref().is_some_and(Wait::may_sleep), "a wake counts once");
    it.driver.remote().wake();
    assert_eq!(it.collect_after(wait.as_ref()), 0);
}

fn a_byte_in_the_wakeup_descriptor_ends_a_wait(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let ours = it.driver.remote().wakeup_fd();
    let mut signal = std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{ours}")).unwrap();
    signal.write_all(&[2]).unwrap();
    assert_eq!(it.turn(), []);
    signal.write_all(&[2, 15]).unwrap();
    assert_eq!(it.turn(), []);
    assert_eq!(it.reports(), 0, "it was taken out");
}

fn an_old_wake_does_not_keep_later_turns_awake(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = pipe().unwrap();
    it.read(&reader, 1);
    let wait = it.driver.prepare();
    it.driver.remote().push(1).unwrap();
    it.driver.remote().push(2).unwrap();
    assert_eq!(it.collect_after(wait.as_ref()), 2);
    assert_eq!((it.driver.take(), it.driver.take()), (Some(1), Some(2)));
    assert_eq!(it.reports(), 0);
    assert!(it.driver.prepare().unwrap().may_sleep());
}

fn idle_is_who_has_nothing_ready_pushed_woken_or_due(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    it.read(&reader, 1);
    assert!(it.driver.is_idle(), "what descriptors bring does not count");
    it.driver.push(2);
    assert!(!it.driver.is_idle());
    assert_eq!(it.collect(), 2);
    assert_eq!(it.driver.take(), Some(2));
    assert!(!it.driver.is_idle(), "the turn is not over");
    assert_eq!(it.driver.take(), Some(1));
    assert!(it.driver.is_idle());

    it.driver.remote().push(3).unwrap();
    assert!(!it.driver.is_idle());
    assert_eq!(it.turn(), [3, 1]);
    assert!(it.driver.is_idle());
    it.driver.remote().wake();
    assert!(!it.driver.is_idle());
    assert_eq!(it.turn(), [1]);
    assert!(it.driver.is_idle());

    let later = it.driver.schedule(it.driver.now() + 1, 4);
    assert!(it.driver.is_idle());
    it.driver.cancel(later);
    it.driver.schedule(it.driver.now(), 5);
    assert!(!it.driver.is_idle());
    assert_eq!(it.turn(), [1, 5]);
    assert!(it.driver.is_idle());
}
