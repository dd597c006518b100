//! What other threads may do: push, wake, and find the driver closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rondel_engine::{Backend, Clock, Driver};

use crate::harness::{Loop, on_either_backend};

on_either_backend! {
    items_of_each_thread_arrive_in_their_order,
    a_push_wakes_a_driver_that_sleeps,
    wake_if_asleep_wakes_only_a_driver_that_sleeps,
}

fn items_of_each_thread_arrive_in_their_order(backend: Backend) {
    const THREADS: u64 = 4;
    const ITEMS: u64 = 5_000;
    let mut it = Loop::<u64>::new(backend);
    let remote = it.driver.remote().clone();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let remote = remote.clone();
            scope.spawn(move || {
                for item in 0..ITEMS {
                    remote.push(number * ITEMS + item).unwrap();
                }
            });
        }
        let mut arrived = vec![0; usize::try_from(THREADS).unwrap()];
        while arrived.iter().sum::<u64>() < THREADS * ITEMS {
            for item in it.turn() {
                let thread = usize::try_from(item / ITEMS).unwrap();
                assert_eq!(item % ITEMS, arrived[thread]);
                arrived[thread] += 1;
            }
        }
    });
    assert!(it.driver.prepare().is_some_and(|wait| wait.may_sleep()), "nothing is left");
}

fn a_push_wakes_a_driver_that_sleeps(backend: Backend) {
    let mut it = Loop::<u64>::with_clock(backend, Clock::Real);
    let remote = it.driver.remote().clone();
    let (ask, asked) = std::sync::mpsc::channel();
    let pusher = thread::spawn(move || {
        for item in asked {
            remote.push(item).unwrap();
        }
    });
    for item in 0..500 {
        // Sent before the wait is prepared, and often received after it began.
        ask.send(item).unwrap();
        while it.turn() != [item] {}
    }
    drop(ask);
    pusher.join().unwrap();
}

fn wake_if_asleep_wakes_only_a_driver_that_sleeps(backend: Backend) {
    let mut it = Loop::<u64>::new(backend);
    let remote = it.driver.remote().clone();
    remote.wake_if_asleep();
    let wait = it.driver.prepare().unwrap();
    assert!(wait.may_sleep(), "it was awake");
    remote.wake_if_asleep();
    assert_eq!(it.collect_after(Some(&wait)), 0);
}

#[test]
fn a_closed_driver_gives_items_back() {
    let mut it = Loop::<u64>::new(Backend::Poll);
    let remote = it.driver.remote().clone();
    remote.push(1).unwrap();
    assert_eq!(it.driver.close().items, [1]);
    assert_eq!(remote.push(2), Err(2));
    drop(it);
    assert_eq!(remote.push(3), Err(3));
    remote.wake();
    assert!(format!("{remote:?}").contains("queued: 0"));
}

#[test]
fn a_driver_that_closes_while_threads_push_leaves_nothing_behind() {
    for _ in 0..200 {
        let item = Arc::new(());
        let mut driver = Driver::<Arc<()>, Arc<()>>::new(Clock::Real, Backend::Poll).unwrap();
        let remote = driver.remote().clone();
        let refused = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while remote.push(Arc::clone(&item)).is_ok() {
                        thread::yield_now();
                    }
                    refused.store(true, Ordering::SeqCst);
                });
            }
            thread::yield_now();
            drop(driver.close());
        });
        // The remote is still there: what it holds would count.
        assert_eq!(Arc::strong_count(&item), 1);
        assert!(refused.into_inner());
    }
}
