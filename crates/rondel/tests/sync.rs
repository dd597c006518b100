//! `sync`.

mod common;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use common::{Log, run_virtually, seconds};
use rondel::sync::{Closed, Event, Mutex, Queue, Semaphore};
use rondel::{Instant, gather, sleep, spawn, timeout, yield_now};

#[test]
fn a_semaphore_lets_in_as_many_as_it_has_permits() {
    run_virtually(async {
        let start = Instant::now();
        let semaphore = Semaphore::new(3);
        let (inside, most) = (Cell::new(0), Cell::new(0));
        gather((0..10).map(async |_| {
            let _permit = semaphore.acquire().await;
            inside.set(inside.get() + 1);
            most.set(most.get().max(inside.get()));
            sleep(seconds(1)).await;
            inside.set(inside.get() - 1);
        }))
        .await;
        assert_eq!(most.get(), 3);
        assert_eq!(start.elapsed(), seconds(4));
        assert!(semaphore.try_acquire().is_some());
    });
}

#[test]
fn who_gives_up_waiting_leaves_the_permit_to_others() {
    run_virtually(async {
        let semaphore = Rc::new(Semaphore::new(1));
        let permit = semaphore.acquire().await;
        assert!(timeout(seconds(1), semaphore.acquire()).await.is_err());
        let other = spawn({
            let semaphore = Rc::clone(&semaphore);
            async move { drop(semaphore.acquire().await) }
        });
        let cancelled = spawn({
            let semaphore = Rc::clone(&semaphore);
            async move { drop(semaphore.acquire().await) }
        });
        yield_now().await;
        cancelled.cancel();
        drop(permit);
        other.await.unwrap();
        assert!(timeout(seconds(1), semaphore.acquire()).await.is_ok());
    });
}

#[test]
fn a_mutex_lets_in_one() {
    run_virtually(async {
        let count = Mutex::new(0);
        gather((0..10).map(async |_| {
            let mut count = count.lock().await;
            let before = *count;
            sleep(seconds(1)).await;
            *count = before + 1;
        }))
        .await;
        assert_eq!(count.into_inner(), 10);
    });
}

#[test]
fn an_event_wakes_all_that_wait() {
    let log = Log::default();
    run_virtually(async {
        let event = Event::new();
        assert!(!event.is_set());
        let waiting = gather(["a", "b"].map(async |name| {
            event.wait().await;
            log.add(name);
        }));
        let setting = async {
            sleep(seconds(1)).await;
            event.set();
            // Who waits by now is let through all the same.
            event.clear();
        };
        futures_util::future::join(waiting, setting).await;
        log.add("over");
        assert!(timeout(seconds(1), event.wait()).await.is_err());
        event.set();
        assert!(event.is_set());
        event.wait().await;
        event.wait().await;
    });
    assert_eq!(log.lines(), ["a", "b", "over"]);
}

#[test]
fn another_thread_sets_an_event() {
    for _ in 0..100 {
        let event = Arc::new(Event::new());
        let thread = thread::spawn({
            let event = Arc::clone(&event);
            move || event.set()
        });
        rondel::run(event.wait()).unwrap();
        thread.join().unwrap();
    }
}

#[test]
fn a_full_queue_holds_producers_back() {
    let log = Log::default();
    run_virtually(async {
        let queue = Queue::bounded(2);
        let producer = spawn({
            let (queue, log) = (queue.clone(), log.clone());
            async move {
                for number in 1..=4 {
                    queue.put(number).await.unwrap();
                    log.add(format!("put {number}"));
                }
                queue.close();
            }
        });
        sleep(seconds(1)).await;
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.try_put(9), Err(9));
        while let Some(number) = queue.get().await {
            log.add(format!("got {number}"));
            sleep(seconds(1)).await;
        }
        producer.await.unwrap();
    });
    let lines = ["put 1", "put 2", "got 1", "put 3", "got 2", "put 4", "got 3", "got 4"];
    assert_eq!(log.lines(), lines);
}

#[test]
fn a_closed_queue_gives_what_is_left_and_takes_nothing() {
    run_virtually(async {
        let queue = Queue::bounded(0); // no limit
        for number in 0..100 {
            queue.put(number).await.unwrap();
        }
        queue.close();
        assert!(queue.is_closed());
        assert_eq!(queue.put(100).await, Err(Closed(100)));
        assert_eq!(Closed(100).to_string(), "the queue is closed");
        assert_eq!(queue.try_put(100), Err(100));
        for number in 0..100 {
            assert_eq!(queue.get().await, Some(number));
        }
        assert!(queue.is_empty());
        assert_eq!((queue.get().await, queue.try_get()), (None, None));
    });
}

#[test]
fn closing_a_queue_wakes_those_who_wait_on_both_sides() {
    run_virtually(async {
        let (full, empty) = (Queue::bounded(1), Queue::<u8>::bounded(1));
        full.put(1).await.unwrap();
        let putting = spawn({
            let full = full.clone();
            async move { full.put(2).await }
        });
        let getting = spawn({
            let empty = empty.clone();
            async move { empty.get().await }
        });
        sleep(seconds(1)).await;
        full.close();
        empty.close();
        assert_eq!(putting.await.unwrap(), Err(Closed(2)));
        assert_eq!(getting.await.unwrap(), None);
    });
}

#[test]
fn an_item_goes_to_nobody_who_gave_up_waiting() {
    run_virtually(async {
        let queue = Queue::bounded(1);
        assert!(timeout(seconds(1), queue.get()).await.is_err());
        queue.put(1).await.unwrap();
        assert_eq!(queue.get().await, Some(1));
    });
}

#[test]
fn a_queue_crosses_threads() {
    let queue = Queue::bounded(3);
    let thread = thread::spawn({
        let queue = queue.clone();
        move || {
            rondel::run(async {
                for number in 0..1000_u32 {
                    queue.put(number).await.unwrap();
                }
                queue.close();
            })
        }
    });
    let sum = rondel::run(async {
        let mut sum = 0;
        while let Some(number) = queue.get().await {
            sum += number;
        }
        sum
    });
    assert_eq!(sum.unwrap(), 499_500);
    thread.join().unwrap().unwrap();
}
