//! `run`, `Runtime` and `Builder`.

mod common;

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use common::{Log, NoteDrop, run_virtually, seconds};
use rondel::{Backend, Builder, Instant, JoinError, JoinHandle, Runtime, sleep, spawn, yield_now};

fn runtime() -> Runtime {
    Builder::new().build().unwrap()
}

#[test]
fn gives_what_the_future_gives_and_lets_it_borrow() {
    let text = String::from("borrowed");
    let mut length = 0;
    let output = rondel::run(async {
        yield_now().await;
        length = text.len();
        &text[..1]
    });
    assert_eq!((output.unwrap(), length), ("b", 8));
}

#[test]
fn each_selector_runs() {
    for selector in [Backend::Poll, Backend::Epoll] {
        let runtime = Builder::new().selector(selector).build().unwrap();
        assert_eq!(runtime.run(async { spawn(async { 1 }).await.unwrap() }).unwrap(), 1);
    }
}

#[test]
fn a_run_inside_of_a_run_is_refused() {
    let other = runtime();
    rondel::run(async {
        let errors = [rondel::run(async {}).unwrap_err(), other.run(async {}).unwrap_err()];
        for error in errors {
            assert!(error.to_string().starts_with("a loop is running on this thread already"), "{error}");
        }
        yield_now().await; // and the outer one goes on
    })
    .unwrap();
    other.run(async {}).unwrap();
}

#[test]
fn a_panic_goes_through_run_and_leaves_the_thread_and_the_runtime_usable() {
    let runtime = runtime();
    let task = runtime.spawn(pending::<()>());
    let panicked = catch_unwind(AssertUnwindSafe(|| runtime.run(async { panic!("on purpose") })));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"on purpose"));
    task.cancel();
    assert!(matches!(runtime.run(task).unwrap(), Err(JoinError::Cancelled)));
    rondel::run(async {}).unwrap();
}

#[test]
fn tasks_stand_still_between_runs() {
    let runtime = runtime();
    let steps = Rc::new(Cell::new(0));
    let counter = Rc::clone(&steps);
    let task: JoinHandle<()> = runtime.spawn(async move {
        loop {
            counter.set(counter.get() + 1);
            yield_now().await;
        }
    });
    assert_eq!(steps.get(), 0);
    runtime.run(yield_now()).unwrap();
    let before = steps.get();
    runtime
        .run(async {
            yield_now().await;
            yield_now().await;
        })
        .unwrap();
    assert!(steps.get() > before);
    assert!(!task.is_finished());
}

#[test]
fn the_end_of_a_run_drops_the_tasks_that_are_left() {
    let log = Log::default();
    rondel::run(async {
        for name in ["asleep", "for ever"] {
            let note = NoteDrop::new(&log, name);
            spawn(async move {
                let _note = note;
                if name == "asleep" {
                    sleep(seconds(3600)).await;
                }
                pending::<()>().await;
            });
        }
        let unpolled = NoteDrop::new(&log, "unpolled");
        yield_now().await;
        spawn(async move { drop(unpolled) });
        log.add("root over");
    })
    .unwrap();
    let mut lines = log.lines();
    assert_eq!(lines.remove(0), "root over");
    lines.sort_unstable();
    assert_eq!(lines, ["asleep dropped", "for ever dropped", "unpolled dropped"]);
}

#[test]
fn a_handle_that_outlives_its_runtime_says_cancelled() {
    let first = runtime();
    let task = first.spawn(pending::<()>());
    drop(first);
    assert!(task.is_finished());
    assert!(matches!(rondel::run(task).unwrap(), Err(JoinError::Cancelled)));
}

/// Starts a task when it is dropped.
struct SpawnOnDrop(Log);

impl Drop for SpawnOnDrop {
    fn drop(&mut self) {
        let note = NoteDrop::new(&self.0, "late task");
        let task = spawn(async move {
            note.log.add("late task ran");
        });
        assert!(task.is_finished());
        drop(sleep(seconds(1)));
    }
}

#[test]
fn what_is_started_while_the_runtime_ends_is_dropped_at_once() {
    let log = Log::default();
    rondel::run(async {
        let late = SpawnOnDrop(log.clone());
        spawn(async move {
            let _late = late;
            pending::<()>().await;
        });
        yield_now().await;
    })
    .unwrap();
    assert_eq!(log.lines(), ["late task dropped"]);
}

#[test]
fn a_runtime_can_be_dropped_inside_of_another() {
    let log = Log::default();
    let inner = runtime();
    inner.spawn(pending_with(NoteDrop::new(&log, "inner")));
    rondel::run(async {
        drop(inner);
        log.add("still running");
        assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
    })
    .unwrap();
    assert_eq!(log.lines(), ["inner dropped", "still running"]);
}

async fn pending_with(_note: NoteDrop) {
    pending::<()>().await;
}

#[test]
fn wakers_may_be_called_by_other_threads_while_and_after_the_runtime_ends() {
    for _ in 0..200 {
        let (sender, receiver) = mpsc::channel::<std::task::Waker>();
        let waking = thread::spawn(move || {
            for waker in receiver {
                waker.wake_by_ref();
                thread::yield_now();
                waker.wake();
            }
        });
        rondel::run(async {
            for _ in 0..5 {
                let sender = sender.clone();
                spawn(std::future::poll_fn(move |cx| {
                    let _ = sender.send(cx.waker().clone());
                    std::task::Poll::<()>::Pending
                }));
            }
            yield_now().await;
        })
        .unwrap();
        drop(sender);
        waking.join().unwrap();
    }
}

#[test]
fn each_thread_has_its_own_loop() {
    let threads: Vec<_> = (0..4_u64)
        .map(|number| {
            thread::spawn(move || {
                run_virtually(async move {
                    let start = Instant::now();
                    sleep(seconds(number)).await;
                    start.elapsed()
                })
            })
        })
        .collect();
    for (number, thread) in (0..).zip(threads) {
        assert_eq!(thread.join().unwrap(), seconds(number));
    }
}

#[test]
fn outside_of_a_run_a_panic_says_what_to_do() {
    let calls: [(&str, fn()); 6] = [
        ("rondel::spawn ", || drop(spawn(async {}))),
        ("rondel::spawn_blocking ", || drop(rondel::spawn_blocking(|| ()))),
        ("rondel::sleep ", || drop(sleep(seconds(1)))),
        ("rondel::sleep ", || drop(rondel::timeout(seconds(1), async {}))),
        ("rondel::Instant::now ", || {
            Instant::now();
        }),
        ("rondel::net::TcpStream::connect ", || {
            let mut connect = std::pin::pin!(rondel::net::TcpStream::connect("127.0.0.1:1"));
            let _ = common::poll_with(connect.as_mut(), &std::sync::Arc::default());
        }),
    ];
    for (name, call) in calls {
        let payload = catch_unwind(call).unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(message.starts_with(name), "{message}");
        assert!(message.contains("inside the future that rondel::run is given"), "{message}");
    }
}
