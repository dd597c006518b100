//! The real clock is never early; the virtual one jumps only when nothing else can happen.

use std::io::Read;

use rondel_engine::{Backend, Clock, Driver, Nanos, Wait};

use crate::harness::{Loop, on_either_backend, readable_pipe};

on_either_backend! {
    a_timer_of_the_real_clock_is_never_early,
    the_farthest_deadlines_are_far_and_not_near,
    a_virtual_clock_jumps_to_the_next_timer_at_once,
    a_virtual_clock_stands_still_while_anything_is_ready,
    a_virtual_clock_stands_still_while_a_descriptor_is_ready,
    a_virtual_clock_without_timers_waits_for_a_remote,
    a_virtual_clock_reaches_the_end_of_time,
    a_deadline_in_the_past_is_due_now,
}

fn a_timer_of_the_real_clock_is_never_early(backend: Backend) {
    let mut it = Loop::<u64>::with_clock(backend, Clock::Real);
    let start = it.driver.now();
    let deadlines: Vec<Nanos> = [1, 1_000, 999_999, 1_000_001, 3_500_000].map(|delay| start + delay).into();
    for &at in &deadlines {
        it.driver.schedule(at, at);
    }
    let mut fired = Vec::new();
    while fired.len() < deadlines.len() {
        for at in it.turn() {
            let now = it.driver.now();
            assert!(now >= at, "{} ns early", at - now);
            fired.push(at);
        }
    }
    assert_eq!(fired, deadlines);
}

fn the_farthest_deadlines_are_far_and_not_near(backend: Backend) {
    let mut it = Loop::<u64>::with_clock(backend, Clock::Real);
    it.driver.schedule(Nanos::MAX, 1);
    it.driver.schedule(Nanos::MAX - 1, 2);
    let wait = it.driver.prepare();
    assert!(wait.as_ref().is_some_and(Wait::may_sleep));
    it.driver.remote().push(3).unwrap();
    assert_eq!(it.collect_after(wait.as_ref()), 1, "the remote's item alone");
}

fn a_virtual_clock_jumps_to_the_next_timer_at_once(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.schedule(3_600_000_000_000, 1);
    it.driver.schedule(7_200_000_000_000, 2);
    assert_eq!(it.driver.now(), 0);
    assert_eq!(it.turn(), [1]);
    assert_eq!(it.driver.now(), 3_600_000_000_000);
    assert_eq!(it.turn(), [2]);
    assert_eq!(it.driver.now(), 7_200_000_000_000);
}

fn a_virtual_clock_stands_still_while_anything_is_ready(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.schedule(5, 50);
    assert_eq!(it.turn_with(1), [1]);
    it.driver.remote().push(2).unwrap();
    assert_eq!(it.turn(), [2]);
    assert_eq!(it.driver.now(), 0);
    assert_eq!(it.turn(), [50]);
}

fn a_virtual_clock_stands_still_while_a_descriptor_is_ready(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let (mut reader, _writer) = readable_pipe();
    it.read(&reader, 1);
    it.driver.schedule(5, 50);
    assert_eq!(it.turn(), [1]);
    assert_eq!(it.driver.now(), 0);
    reader.read_exact(&mut [0]).unwrap();
    assert_eq!(it.turn(), [50]);
    assert_eq!(it.driver.now(), 5);
}

fn a_virtual_clock_without_timers_waits_for_a_remote(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let remote = it.driver.remote().clone();
    let pusher = std::thread::spawn(move || remote.push(1).unwrap());
    while it.turn() != [1] {}
    pusher.join().unwrap();
    assert_eq!(it.driver.now(), 0);
}

fn a_virtual_clock_reaches_the_end_of_time(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    it.driver.schedule(Nanos::MAX, 1);
    assert_eq!(it.turn(), [1]);
    it.driver.schedule(Nanos::MAX, 2);
    it.driver.schedule(0, 3);
    assert_eq!(it.turn(), [3, 2]);
    assert_eq!(it.driver.now(), Nanos::MAX);
}

fn a_deadline_in_the_past_is_due_now(backend: Backend) {
    for clock in [Clock::Real, Clock::new_virtual()] {
        let mut it = Loop::<u64>::with_clock(backend, clock);
        it.driver.schedule(0, 1);
        assert!(!it.driver.prepare().is_some_and(|wait| wait.may_sleep()));
        assert_eq!(it.turn(), [1]);
    }
}

#[test]
fn clones_of_a_virtual_clock_show_the_same_time() {
    let clock = Clock::new_virtual();
    assert!(clock.is_virtual() && !Clock::Real.is_virtual());
    let mut driver = Driver::<u64, u64>::new(clock.clone(), Backend::Poll).unwrap();
    driver.schedule(7, 1);
    assert_eq!(driver.collect(None), 1);
    assert_eq!(clock.now(), 7);
}

#[test]
fn the_default_clock_is_the_real_one_and_never_goes_back() {
    let clock = Clock::default();
    let mut before = clock.now();
    for _ in 0..1000 {
        let now = clock.now();
        assert!(now >= before);
        before = now;
    }
}
