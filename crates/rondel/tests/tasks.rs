//! `spawn`, `JoinHandle` and `yield_now`.

mod common;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use common::{Log, NoteDrop, run_virtually, seconds};
use rondel::{JoinError, JoinHandle, gather, sleep, spawn, timeout, yield_now};

#[test]
fn tasks_run_in_the_order_in_which_they_were_started() {
    let log = Log::default();
    run_virtually(async {
        for name in ["a", "b", "c"] {
            let log = log.clone();
            spawn(async move {
                log.add(format!("{name}1"));
                yield_now().await;
                log.add(format!("{name}2"));
            });
        }
        log.add("root");
        yield_now().await;
        yield_now().await;
        log.add("root again");
    });
    assert_eq!(log.lines(), ["root", "a1", "b1", "c1", "a2", "b2", "c2", "root again"]);
}

#[test]
fn a_dropped_handle_leaves_the_task_alone() {
    let log = Log::default();
    run_virtually(async {
        let note = log.clone();
        drop(spawn(async move {
            sleep(seconds(1)).await;
            note.add("done");
        }));
        sleep(seconds(2)).await;
    });
    assert_eq!(log.lines(), ["done"]);
}

#[test]
fn a_result_waits_for_the_handle() {
    run_virtually(async {
        let task = spawn(async { Rc::new(5) }); // not Send
        sleep(seconds(1)).await;
        assert!(task.is_finished());
        task.cancel(); // too late: it changes nothing
        assert_eq!(*task.await.unwrap(), 5);
    });
}

#[test]
fn a_result_that_nobody_takes_is_dropped() {
    let log = Log::default();
    run_virtually(async {
        let (kept, unwanted) = (NoteDrop::new(&log, "kept"), NoteDrop::new(&log, "unwanted"));
        drop(spawn(async { unwanted }));
        let task = spawn(async { kept });
        sleep(seconds(1)).await;
        log.add("later");
        drop(task);
    });
    assert_eq!(log.lines(), ["unwanted dropped", "later", "kept dropped"]);
}

#[test]
fn cancel_drops_the_future_in_the_next_turn_and_then_wakes_who_waits() {
    let log = Log::default();
    run_virtually(async {
        let note = NoteDrop::new(&log, "future");
        let task = spawn(async move {
            let _note = note;
            pending::<()>().await;
        });
        yield_now().await;
        task.cancel();
        log.add("cancelled");
        assert!(!task.is_finished());
        assert!(matches!(task.await, Err(JoinError::Cancelled)));
        log.add("awaited");
    });
    assert_eq!(log.lines(), ["cancelled", "future dropped", "awaited"]);
}

#[test]
fn a_task_can_be_cancelled_before_it_ran_and_more_than_once() {
    run_virtually(async {
        let task = spawn(async { unreachable!("it was cancelled") });
        task.cancel();
        task.cancel();
        // This one may have taken the first one's place.
        let other = spawn(async { 1 });
        task.cancel();
        assert!(matches!(task.await, Err(JoinError::Cancelled)));
        assert_eq!(other.await.unwrap(), 1);
    });
}

#[test]
fn a_task_can_cancel_itself() {
    run_virtually(async {
        let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
        let log = Log::default();
        let task = spawn({
            let (own, log) = (Rc::clone(&own), log.clone());
            let note = NoteDrop::new(&log, "future");
            async move {
                let _note = note;
                own.borrow().as_ref().unwrap().cancel();
                log.add("goes on to its next await");
                pending::<()>().await;
            }
        });
        own.replace(Some(task));
        yield_now().await;
        yield_now().await;
        assert_eq!(log.lines(), ["goes on to its next await", "future dropped"]);
        let task = own.take().unwrap();
        assert!(matches!(task.await, Err(JoinError::Cancelled)));
    });
}

#[test]
fn one_task_can_await_what_another_started_and_a_third_cancels() {
    run_virtually(async {
        let task = Rc::new(RefCell::new(spawn(pending::<()>())));
        let waiting = spawn({
            let task = Rc::clone(&task);
            async move { poll_fn(|cx| Pin::new(&mut *task.borrow_mut()).poll(cx)).await }
        });
        sleep(seconds(1)).await;
        task.borrow().cancel();
        assert!(matches!(waiting.await.unwrap(), Err(JoinError::Cancelled)));
    });
}

#[test]
fn a_handle_remembers_only_who_waits_now() {
    run_virtually(async {
        let mut task = spawn(sleep(seconds(10)));
        assert!(timeout(seconds(1), &mut task).await.is_err());
        assert!(timeout(seconds(100), &mut task).await.unwrap().is_ok());
    });
}

#[test]
fn a_panic_ends_one_task_alone() {
    run_virtually(async {
        let bystander = spawn(sleep(seconds(1)));
        let fixed = spawn(async { panic!("fixed text") }).await.unwrap_err();
        assert_eq!(fixed.to_string(), "the task panicked: fixed text");
        let number = 5;
        let formatted = spawn(async move { panic!("text {number}") }).await.unwrap_err();
        let JoinError::Panicked(panic) = formatted else { panic!("{formatted}") };
        assert_eq!(panic.message(), "text 5");
        assert_eq!(panic.into_payload().downcast_ref::<String>().unwrap(), "text 5");
        let value = spawn(async { resume_unwind(Box::new(7)) }).await.unwrap_err();
        assert_eq!(value.to_string(), "the task panicked: with a value that is no text");
        bystander.await.unwrap();
    });
}

#[test]
fn join_errors_can_travel() {
    fn travels<T: std::error::Error + Send + Sync + 'static>() {}
    travels::<JoinError>();
}

/// Panics when it is dropped.
struct Sour;

impl Drop for Sour {
    fn drop(&mut self) {
        panic!("sour");
    }
}

/// A future that is over at once, but has a destructor of its own.
struct Over(#[allow(dead_code)] Sour); // held to be dropped

impl Future for Over {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(3)
    }
}

#[test]
fn a_panic_of_a_destructor_ends_one_task_alone() {
    run_virtually(async {
        let finished = spawn(async {
            let _sour = Sour;
        });
        assert_eq!(finished.await.unwrap_err().to_string(), "the task panicked: sour");

        let sour = Sour;
        let cancelled = spawn(async move {
            let _sour = sour;
            pending::<()>().await;
        });
        yield_now().await;
        cancelled.cancel();
        assert_eq!(cancelled.await.unwrap_err().to_string(), "the task panicked: sour");

        assert_eq!(spawn(Over(Sour)).await.unwrap(), 3);

        drop(spawn(async { Sour })); // a result that nobody takes
        sleep(seconds(1)).await;
        assert_eq!(spawn(async { 4 }).await.unwrap(), 4);
    });
    // And at the end of a runtime.
    rondel::run(async {
        let sour = Sour;
        spawn(async move {
            let _sour = sour;
            pending::<()>().await;
        });
        yield_now().await;
    })
    .unwrap();
}

#[test]
fn other_threads_wake_tasks() {
    let (sender, receiver) = mpsc::channel::<(Waker, async_channel::Sender<u32>)>();
    let thread = thread::spawn(move || {
        for (number, (waker, sender)) in (0..).zip(receiver) {
            sender.send_blocking(number).unwrap();
            waker.wake();
        }
    });
    rondel::run(async {
        let tasks = (0..50).map(|_| {
            let sender = sender.clone();
            spawn(async move {
                let (answer, answers) = async_channel::bounded(1);
                let mut answer = Some(answer);
                poll_fn(|cx| {
                    if let Some(answer) = answer.take() {
                        sender.send((cx.waker().clone(), answer)).unwrap();
                    }
                    answers.try_recv().map_or(Poll::Pending, Poll::Ready)
                })
                .await
            })
        });
        let mut answers: Vec<u32> = gather(tasks).await.into_iter().map(Result::unwrap).collect();
        answers.sort_unstable();
        assert!(answers.into_iter().eq(0..50));
    })
    .unwrap();
    drop(sender);
    thread.join().unwrap();
}

#[test]
fn a_hundred_thousand_tasks() {
    run_virtually(async {
        let tasks: Vec<_> = (0..100_000_u64)
            .map(|number| {
                spawn(async move {
                    sleep(seconds(number % 10)).await;
                    number
                })
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        assert_eq!(sum, 100_000 * 99_999 / 2);
    });
}
