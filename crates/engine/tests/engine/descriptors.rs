//! Descriptors that their owner closed before the driver forgot them: never a loop that spins, never an event for
//! whoever has the number now.

use std::io::{PipeReader, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::fd::{AsFd, OwnedFd};

use rondel_engine::Backend;

use crate::harness::{Loop, on_either_backend, readable_pipe};

on_either_backend! {
    removed_while_a_duplicate_lives_it_falls_silent,
    given_up_while_a_duplicate_lives_it_falls_silent,
    the_other_sources_outlive_the_new_set,
    many_of_them_fall_silent,
    the_next_owner_of_the_number_outlives_the_removal_of_the_old_source,
    the_next_owner_of_the_number_outlives_what_the_old_source_gives_up,
    the_next_owner_of_the_number_gets_no_event_of_the_old_source,
    asked_for_again_the_number_stands_for_its_next_owner,
    between_one_time_and_the_next_a_number_may_change_owners,
    what_is_given_up_is_given_up_also_when_it_is_closed,
    closed_and_never_removed_it_falls_silent_in_the_end,
}

/// Closes what `number` stands for and gives the number to `next`, in one step.
fn replace(number: &mut OwnedFd, next: impl AsFd) {
    rustix::io::dup2(next, number).unwrap();
}

fn owned(reader: PipeReader) -> OwnedFd {
    reader.into()
}

/// A turn to find the stray event; from the next one on it must be silent.
fn assert_falls_silent(it: &mut Loop) {
    assert_eq!(it.turn_with(0), [0]);
    assert_eq!(it.reports(), 0);
}

fn removed_while_a_duplicate_lives_it_falls_silent(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let _duplicate = reader.try_clone().unwrap();
    let (silent, _silent_writer) = pipe().unwrap();
    let (silent_too, _silent_too_writer) = pipe().unwrap();
    it.read(&silent_too, 2);
    let mut number = owned(reader);
    let key = it.read(&number, 1);
    replace(&mut number, &silent);
    it.driver.remove_source(key);
    assert_falls_silent(&mut it);
}

fn given_up_while_a_duplicate_lives_it_falls_silent(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (reader, _writer) = readable_pipe();
    let _duplicate = reader.try_clone().unwrap();
    let (silent, _silent_writer) = pipe().unwrap();
    let (silent_too, _silent_too_writer) = pipe().unwrap();
    it.read(&silent_too, 2);
    let mut number = owned(reader);
    let key = it.read(&number, 1);
    replace(&mut number, &silent);
    assert_eq!(it.driver.set_reader(key, None).unwrap(), Some(1));
    assert_falls_silent(&mut it);
    it.driver.remove_source(key);
    assert_eq!(it.reports(), 0);
}

fn the_other_sources_outlive_the_new_set(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (other, mut other_writer) = pipe().unwrap();
    it.read(&other, 2);
    let _alive = removed_with_a_duplicate(&mut it, 1);
    assert_falls_silent(&mut it);
    other_writer.write_all(b"x").unwrap();
    assert_eq!(it.turn(), [2]);
    it.driver.remote().push(3).unwrap();
    assert_eq!(it.turn(), [3, 2]);
    let wait = it.driver.prepare().unwrap();
    it.driver.remote().push(4).unwrap();
    assert_eq!(it.collect_after(Some(&wait)), 2, "the new set knows the waker");
}

fn many_of_them_fall_silent(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (other, _other_writer) = pipe().unwrap();
    it.read(&other, 9);
    let _alive = removed_with_a_duplicate(&mut it, 3);
    assert_falls_silent(&mut it);
    let _alive_too = removed_with_a_duplicate(&mut it, 1);
    assert_falls_silent(&mut it);
}

/// Leaves so many descriptors in the set that can't be taken out any more, for as long as what it gives is alive.
#[must_use]
fn removed_with_a_duplicate(it: &mut Loop, count: u64) -> Vec<impl Sized + use<>> {
    let (silent, _silent_writer) = pipe().unwrap();
    let leave = |watcher| {
        let (reader, writer) = readable_pipe();
        let duplicate = reader.try_clone().unwrap();
        let mut number = owned(reader);
        let key = it.read(&number, watcher);
        replace(&mut number, &silent);
        it.driver.remove_source(key);
        (duplicate, writer)
    };
    (100..100 + count).map(leave).collect()
}

fn the_next_owner_of_the_number_outlives_the_removal_of_the_old_source(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (old, _old_writer) = readable_pipe();
    let (next, _next_writer) = readable_pipe();
    let mut number = owned(old);
    let old_key = it.read(&number, 1);
    replace(&mut number, &next);
    let next_key = it.read(&number, 2);
    assert_eq!(it.driver.remove_source(old_key), (Some(1), None));
    assert_eq!(it.turn(), [2]);
    it.driver.remove_source(next_key);
    assert_eq!(it.reports(), 0);
}

fn the_next_owner_of_the_number_outlives_what_the_old_source_gives_up(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (old, _old_writer) = readable_pipe();
    let (next, _next_writer) = readable_pipe();
    let mut number = owned(old);
    let old_key = it.read(&number, 1);
    it.driver.set_writer(old_key, Some(10)).unwrap();
    replace(&mut number, &next);
    it.read(&number, 2);
    assert_eq!(it.driver.set_writer(old_key, None).unwrap(), Some(10));
    assert_eq!(it.turn(), [2]);
    assert_eq!(it.driver.set_reader(old_key, None).unwrap(), Some(1));
    assert_eq!(it.turn(), [2]);
}

fn the_next_owner_of_the_number_gets_no_event_of_the_old_source(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (old, _old_writer) = readable_pipe();
    let _duplicate = old.try_clone().unwrap();
    let (next, mut next_writer) = pipe().unwrap();
    let mut number = owned(old);
    it.read(&number, 1);
    replace(&mut number, &next);
    it.read(&number, 2);
    assert_falls_silent(&mut it);
    next_writer.write_all(b"x").unwrap();
    assert_eq!(it.turn(), [2]);
}

fn asked_for_again_the_number_stands_for_its_next_owner(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (old, _old_writer) = pipe().unwrap();
    let (next, _next_writer) = readable_pipe();
    let mut number = owned(old);
    let key = it.read(&number, 1);
    replace(&mut number, &next);
    assert_eq!(it.driver.set_reader(key, Some(2)).unwrap(), Some(1));
    assert_eq!(it.turn(), [2]);
}

fn between_one_time_and_the_next_a_number_may_change_owners(backend: Backend) {
    for duplicate in [false, true] {
        let mut it = Loop::<u64>::new(backend);
        let (old, _old_writer) = readable_pipe();
        let _duplicate = duplicate.then(|| old.try_clone().unwrap());
        let (next, mut next_writer) = pipe().unwrap();
        let mut number = owned(old);
        let key = it.driver.add_source(number.as_raw_fd());
        it.driver.set_reader_once(key, 1).unwrap();
        assert_eq!(it.turn(), [1]);
        replace(&mut number, &next);
        it.driver.set_reader_once(key, 2).unwrap();
        assert_eq!(it.reports(), 0);
        next_writer.write_all(b"x").unwrap();
        assert_eq!(it.turn(), [2]);
        assert_eq!(it.reports(), 0);
    }
}

fn what_is_given_up_is_given_up_also_when_it_is_closed(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (old, _old_writer) = pipe().unwrap();
    let (next, _next_writer) = readable_pipe();
    let mut number = owned(old);
    let key = it.read(&number, 1);
    it.driver.set_writer(key, Some(2)).unwrap();
    replace(&mut number, &next);
    assert_eq!(it.driver.set_reader(key, None).unwrap(), Some(1));
    assert_eq!(it.driver.watchers(key), (None, Some(&2)));
    assert_eq!(it.reports(), 0);
    assert_eq!(it.driver.remove_source(key), (None, Some(2)));
}

fn closed_and_never_removed_it_falls_silent_in_the_end(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (other, _other_writer) = readable_pipe();
    it.read(&other, 2);
    let (reader, _writer) = readable_pipe();
    let _duplicate = reader.try_clone().unwrap();
    let (silent, _silent_writer) = pipe().unwrap();
    let mut number = owned(reader);
    let key = it.read(&number, 1);
    replace(&mut number, &silent);
    let turns = (0..1000).take_while(|_| it.turn().contains(&1)).count();
    assert!(turns < 1000);
    assert_eq!(it.turn(), [2], "the open one is heard as before");
    assert_eq!(it.driver.remove_source(key), (Some(1), None));
    assert_eq!(it.turn(), [2]);
}
