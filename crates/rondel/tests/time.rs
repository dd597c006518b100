//! `sleep`, `timeout` and `Instant`.

mod common;

use std::future::{pending, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use common::{Count, Log, NoteDrop, poll_with, run_virtually, seconds};
use rondel::{Builder, Clock, Instant, gather, sleep, sleep_until, spawn, timeout, timeout_at};

#[test]
fn sleeps_end_in_the_order_of_their_deadlines_to_the_nanosecond() {
    let log = Log::default();
    run_virtually(async {
        let start = Instant::now();
        gather([30, 10, 20].map(async |nanos| {
            sleep(Duration::from_nanos(nanos)).await;
            log.add(format!("{nanos} {}", start.elapsed().as_nanos()));
        }))
        .await;
    });
    assert_eq!(log.lines(), ["10 10", "20 20", "30 30"]);
}

#[test]
fn on_the_real_clock_a_sleep_is_never_short() {
    rondel::run(async {
        for micros in [0, 1, 300, 2500] {
            let duration = Duration::from_micros(micros);
            let (start, outside) = (Instant::now(), std::time::Instant::now());
            sleep(duration).await;
            assert!(start.elapsed() >= duration);
            assert!(outside.elapsed() >= duration);
        }
    })
    .unwrap();
}

#[test]
fn a_sleep_counts_from_its_making() {
    run_virtually(async {
        let start = Instant::now();
        let whole = sleep(seconds(3));
        assert_eq!(whole.deadline(), start + seconds(3));
        sleep(seconds(2)).await;
        whole.await;
        assert_eq!(start.elapsed(), seconds(3));
    });
}

#[test]
fn a_sleep_of_nothing_gives_way() {
    run_virtually(async {
        let start = Instant::now();
        let task = spawn(async {});
        sleep(Duration::ZERO).await;
        assert!(task.is_finished());
        let task = spawn(async {});
        sleep_until(start).await; // long ago
        assert!(task.is_finished());
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn the_longest_sleep_is_no_overflow() {
    run_virtually(async {
        assert!(timeout(seconds(1), sleep(Duration::MAX)).await.is_err());
        assert!(timeout(seconds(1), timeout(Duration::MAX, pending::<()>())).await.is_err());
    });
    rondel::run(async {
        assert!(timeout(Duration::from_millis(1), sleep(Duration::MAX)).await.is_err());
    })
    .unwrap();
}

#[test]
fn a_dropped_sleep_takes_its_timer_and_its_waker_along() {
    run_virtually(async {
        let count = Arc::new(Count::default());
        {
            let mut long = pin!(sleep(seconds(1)));
            assert!(poll_with(long.as_mut(), &count).is_pending());
            assert!(Arc::strong_count(&count) > 1);
        }
        assert_eq!(Arc::strong_count(&count), 1);
        sleep(seconds(2)).await;
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn a_sleep_wakes_the_last_that_polled_it() {
    run_virtually(async {
        let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let mut long = pin!(sleep(seconds(1)));
        assert!(poll_with(long.as_mut(), &first).is_pending());
        assert!(poll_with(long.as_mut(), &second).is_pending());
        sleep(seconds(2)).await;
        assert_eq!((first.get(), second.get()), (0, 1));
        assert!(poll_with(long.as_mut(), &second).is_ready());
    });
}

#[test]
fn a_virtual_clock_stands_still_while_anything_can_go_on() {
    run_virtually(async {
        let start = Instant::now();
        let sleeping = spawn(sleep(Duration::from_nanos(1)));
        for _ in 0..1000 {
            rondel::yield_now().await;
        }
        assert!(!sleeping.is_finished());
        assert_eq!(start.elapsed(), Duration::ZERO);
        sleeping.await.unwrap();
    });
}

#[test]
fn runtimes_can_share_a_virtual_clock() {
    let clock = Clock::new_virtual();
    let [first, second] = [0, 1].map(|_| Builder::new().clock(clock.clone()).build().unwrap());
    let before = second.run(async { Instant::now() }).unwrap();
    first.run(async { sleep(seconds(60)).await }).unwrap();
    assert_eq!(second.run(async move { before.elapsed() }).unwrap(), seconds(60));
}

#[test]
fn instants_add_subtract_and_compare() {
    run_virtually(async {
        let start = Instant::now();
        let later = start + seconds(2);
        assert!(later > start);
        assert_eq!(later - start, seconds(2));
        assert_eq!(start - later, Duration::ZERO);
        assert_eq!(later.elapsed(), Duration::ZERO);
        assert!(start + Duration::MAX >= later);
    });
}

#[test]
fn timeout_gives_the_result_that_comes_in_time() {
    run_virtually(async {
        let start = Instant::now();
        let slow = async {
            sleep(seconds(1)).await;
            "done"
        };
        assert_eq!(timeout(seconds(2), slow).await, Ok("done"));
        assert_eq!(start.elapsed(), seconds(1));
        assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
    });
}

#[test]
fn timeout_drops_what_is_late() {
    let log = Log::default();
    run_virtually(async {
        let start = Instant::now();
        let note = NoteDrop::new(&log, "late");
        let late = async move {
            let _note = note;
            pending::<()>().await;
        };
        let error = timeout(seconds(2), late).await.unwrap_err();
        log.add(error.to_string());
        assert_eq!(start.elapsed(), seconds(2));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    });
    assert_eq!(log.lines(), ["late dropped", "timed out"]);
}

#[test]
fn a_result_that_comes_in_the_same_turn_as_the_timeout_wins() {
    run_virtually(async {
        assert_eq!(timeout(seconds(1), sleep(seconds(1))).await, Ok(()));
        let deadline = Instant::now() + seconds(5);
        assert_eq!(timeout_at(deadline, sleep_until(deadline)).await, Ok(()));
    });
}

#[test]
fn timeouts_nest() {
    run_virtually(async {
        let start = Instant::now();
        let inner = timeout(seconds(1), pending::<()>());
        assert!(timeout(seconds(5), inner).await.unwrap().is_err());
        let inner = timeout(seconds(5), pending::<()>());
        assert!(timeout(seconds(1), inner).await.is_err());
        assert_eq!(start.elapsed(), seconds(2));
    });
}

#[test]
#[should_panic(expected = "outside of the loop that it was made in")]
fn a_sleep_of_a_runtime_that_has_ended_panics_instead_of_hanging() {
    let [stray] = rondel::run(async { [sleep(seconds(1))] }).unwrap();
    rondel::run(stray).unwrap();
}

#[test]
fn a_hundred_thousand_sleeps() {
    run_virtually(async {
        let start = Instant::now();
        let sleeps = gather((0..100_000).rev().map(|nanos| sleep(Duration::from_nanos(nanos))));
        sleeps.await;
        assert_eq!(start.elapsed(), Duration::from_nanos(99_999));
    });
}

#[test]
fn polled_again_too_early_a_sleep_goes_on() {
    run_virtually(async {
        let count = Arc::new(Count::default());
        let mut long = pin!(sleep(seconds(1)));
        for _ in 0..3 {
            assert_eq!(poll_with(long.as_mut(), &count), Poll::Pending);
        }
        long.await;
        assert_eq!(count.get(), 0);
    });
}
