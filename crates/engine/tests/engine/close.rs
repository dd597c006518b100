//! A closed driver hands out all that it held, once.

use std::io::pipe;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use rondel_engine::{Backend, Clock, Driver};

use crate::harness::{Loop, on_either_backend};

on_either_backend! {
    close_hands_out_what_was_ready_timed_pushed_and_watched,
    a_closed_driver_can_still_be_used_and_closed_again,
    a_dropped_driver_drops_what_it_held,
}

fn close_hands_out_what_was_ready_timed_pushed_and_watched(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, writer) = pipe().unwrap();
    it.driver.push(1);
    it.driver.schedule(10, 2);
    it.driver.schedule(5, 3);
    let cancelled = it.driver.schedule(7, 4);
    it.driver.cancel(cancelled);
    it.driver.remote().push(5).unwrap();
    let key = it.read(&reader, 6);
    let other = it.driver.add_source(writer.as_raw_fd());
    it.driver.set_writer(other, Some(7)).unwrap();

    let mut drained = it.driver.close();
    drained.items.sort_unstable();
    drained.watchers.sort_unstable();
    assert_eq!(drained.items, [1, 2, 3, 5]);
    assert_eq!(drained.watchers, [6, 7]);

    let (items, watchers) = it.driver.held();
    assert_eq!((items.count(), watchers.count()), (0, 0));
    assert_eq!((it.driver.ready_len(), it.driver.timers_len()), (0, 0));
    assert_eq!(it.driver.remove_source(key), (None, None));
    let (silent, _silent_writer) = pipe().unwrap();
    it.read(&silent, 8);
    assert_eq!(it.reports(), 0, "the selector was told");
}

fn a_closed_driver_can_still_be_used_and_closed_again(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = pipe().unwrap();
    it.driver.close();
    it.driver.push(1);
    it.driver.schedule(1, 2);
    it.read(&reader, 3);
    let drained = it.driver.close();
    assert_eq!(drained.items, [1, 2]);
    assert_eq!(drained.watchers, [3]);
    let empty = it.driver.close();
    assert_eq!((empty.items.len(), empty.watchers.len()), (0, 0));
}

fn a_dropped_driver_drops_what_it_held(backend: Backend) {
    let held = Arc::new(());
    let (reader, _writer) = pipe().unwrap();
    let mut driver = Driver::<Arc<()>, Arc<()>>::new(Clock::Real, backend).unwrap();
    let remote = driver.remote().clone();
    driver.push(Arc::clone(&held));
    driver.schedule(u64::MAX, Arc::clone(&held));
    remote.push(Arc::clone(&held)).unwrap();
    let key = driver.add_source(reader.as_raw_fd());
    driver.set_reader(key, Some(Arc::clone(&held))).unwrap();
    assert_eq!(Arc::strong_count(&held), 5);
    drop(driver);
    assert_eq!(Arc::strong_count(&held), 1);
}
