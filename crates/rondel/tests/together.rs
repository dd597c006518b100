//! `gather`, `try_gather` and `race`.

mod common;

use std::future::{Future, Ready, pending, ready};
use std::pin::Pin;
use std::time::Duration;

use common::{Log, NoteDrop, run_virtually, seconds};
use rondel::{Instant, gather, race, sleep, spawn, try_gather, yield_now};

#[test]
fn gather_keeps_the_order_and_takes_as_long_as_the_longest() {
    for count in [1_u64, 5, 100] {
        run_virtually(async {
            let start = Instant::now();
            let futures = (0..count).map(async |number| {
                sleep(seconds(count - number)).await;
                number
            });
            assert!(gather(futures).await.into_iter().eq(0..count));
            assert_eq!(start.elapsed(), seconds(count));
        });
    }
}

#[test]
fn gather_of_nothing_is_nothing() {
    run_virtually(async {
        assert!(gather(Vec::<Ready<u8>>::new()).await.is_empty());
        assert_eq!(try_gather(Vec::<Ready<Result<u8, ()>>>::new()).await, Ok(vec![]));
    });
}

#[test]
fn gather_takes_handles_and_boxes() {
    run_virtually(async {
        let tasks = gather([spawn(async { 1 }), spawn(async { panic!("two") })]).await;
        assert!(matches!(tasks[0], Ok(1)));
        assert!(tasks[1].is_err());
        let boxes: Vec<Pin<Box<dyn Future<Output = u8>>>> = vec![Box::pin(ready(1)), Box::pin(async { 2 })];
        assert_eq!(gather(boxes).await, [1, 2]);
    });
}

#[test]
fn a_dropped_gather_drops_its_futures() {
    for count in [2, 50] {
        let log = Log::default();
        run_virtually(async {
            let futures = (0..count).map(|_| {
                let note = NoteDrop::new(&log, "future");
                async move {
                    let _note = note;
                    pending::<()>().await;
                }
            });
            let waiting = rondel::timeout(seconds(1), gather(futures)).await;
            assert!(waiting.is_err());
        });
        assert_eq!(log.lines().len(), count);
    }
}

#[test]
fn try_gather_ends_at_the_first_error_and_drops_the_rest() {
    let log = Log::default();
    run_virtually(async {
        let start = Instant::now();
        let futures = [5_u64, 2, 3].map(|number| {
            let note = NoteDrop::new(&log, if number == 2 { "failing" } else { "other" });
            async move {
                let _note = note;
                sleep(seconds(number)).await;
                if number == 2 { Err("two") } else { Ok(number) }
            }
        });
        assert_eq!(try_gather(futures).await, Err("two"));
        assert_eq!(start.elapsed(), seconds(2));
    });
    assert_eq!(log.lines(), ["failing dropped", "other dropped", "other dropped"]);
}

#[test]
fn try_gather_gives_all_if_none_fails() {
    run_virtually(async {
        let futures = (0..100).map(async |number| Ok::<_, String>(number));
        assert!(try_gather(futures).await.unwrap().into_iter().eq(0..100));
    });
}

#[test]
fn race_gives_the_first_and_drops_the_others() {
    let log = Log::default();
    run_virtually(async {
        let start = Instant::now();
        let futures = [3_u64, 1, 2].map(|number| {
            let note = NoteDrop::new(&log, "runner");
            async move {
                let _note = note;
                sleep(seconds(number)).await;
                number
            }
        });
        assert_eq!(race(futures).await, Some(1));
        assert_eq!(start.elapsed(), seconds(1));
        assert_eq!(log.lines().len(), 3);
    });
}

#[test]
fn the_earlier_wins_a_race_of_equals() {
    run_virtually(async {
        assert_eq!(race((0..10).map(ready)).await, Some(0));
        let equals = (0..10).map(async |number| {
            sleep(seconds(1)).await;
            number
        });
        assert_eq!(race(equals).await, Some(0));
    });
}

#[test]
fn a_race_of_nobody_has_no_winner() {
    run_virtually(async {
        assert_eq!(race(Vec::<Ready<u8>>::new()).await, None);
    });
}

#[test]
fn futures_that_never_wait_do_not_starve_a_race() {
    run_virtually(async {
        let busy: Pin<Box<dyn Future<Output = &str>>> = Box::pin(async {
            loop {
                yield_now().await;
            }
        });
        // A virtual clock would never get on here: somebody is always ready.
        let other = Box::pin(async {
            for _ in 0..100 {
                yield_now().await;
            }
            "other"
        });
        assert_eq!(race([busy, other]).await, Some("other"));
    });
}

#[test]
fn a_busy_task_does_not_hold_back_timers() {
    rondel::run(async {
        let busy: rondel::JoinHandle<()> = spawn(async {
            loop {
                yield_now().await;
            }
        });
        sleep(Duration::from_millis(2)).await;
        busy.cancel();
        assert!(busy.await.is_err());
    })
    .unwrap();
}
