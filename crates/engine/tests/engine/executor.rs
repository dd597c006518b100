//! Rust futures among the driver's items.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use rondel_engine::{Backend, Runnable};

use crate::harness::{Loop, on_either_backend};

on_either_backend! {
    futures_run_in_the_turn_after_their_start,
    a_future_woken_by_another_thread_runs_again,
    a_future_that_wakes_itself_lets_a_turn_pass,
    a_dropped_task_cancels_its_future,
    a_future_of_a_closed_driver_is_dropped,
    a_local_future_of_a_closed_driver_is_not_dropped_by_another_thread,
}

#[derive(Debug)]
enum Item {
    Future(Runnable),
    Other(u64),
}

impl From<Runnable> for Item {
    fn from(runnable: Runnable) -> Self {
        Self::Future(runnable)
    }
}

impl From<u64> for Item {
    fn from(number: u64) -> Self {
        Self::Other(number)
    }
}

/// Runs the futures of one turn, and gives the numbers of what else was in it.
fn run(it: &mut Loop<Item>) -> Vec<u64> {
    let mut others = Vec::new();
    for item in it.turn() {
        match item {
            Item::Future(runnable) => drop(runnable.run()),
            Item::Other(number) => others.push(number),
        }
    }
    others
}

/// Waits once, and leaves its waker for others.
fn wait_once(left: &Arc<Mutex<Option<Waker>>>) -> impl Future<Output = ()> + Send + use<> {
    let left = Arc::clone(left);
    let mut waited = false;
    poll_fn(move |context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        *left.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    })
}

fn futures_run_in_the_turn_after_their_start(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let (done, log) = (Arc::new(Mutex::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
    let (done_too, log_too) = (Arc::clone(&done), Rc::clone(&log));
    let task = it.driver.remote().spawn(async move { done_too.lock().unwrap().push(1) });
    let local = it.driver.remote().spawn_local(async move { log_too.borrow_mut().push(2) });
    assert!(done.lock().unwrap().is_empty() && log.borrow().is_empty());
    run(&mut it);
    assert!(task.is_finished() && local.is_finished());
    assert_eq!((&done.lock().unwrap()[..], &log.borrow()[..]), (&[1][..], &[2][..]));
}

fn a_future_woken_by_another_thread_runs_again(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let left = Arc::new(Mutex::new(None));
    let task = it.driver.remote().spawn_local(wait_once(&left));
    run(&mut it);
    let waker = left.lock().unwrap().take().unwrap();
    let waking = thread::spawn(move || waker.wake());
    while !task.is_finished() {
        run(&mut it);
    }
    waking.join().unwrap();
}

fn a_future_that_wakes_itself_lets_a_turn_pass(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let mut polls = 0;
    let task = it.driver.remote().spawn_local(poll_fn(move |context| {
        polls += 1;
        context.waker().wake_by_ref();
        if polls == 4 { Poll::Ready(()) } else { Poll::Pending }
    }));
    for turn in 0..4 {
        assert!(!task.is_finished());
        it.driver.push(Item::Other(turn));
        assert_eq!(run(&mut it), [turn]);
    }
    assert!(task.is_finished());
}

fn a_dropped_task_cancels_its_future(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let task = it.driver.remote().spawn(async move {
        pending::<()>().await;
        drop(inside);
    });
    run(&mut it);
    assert_eq!(Arc::strong_count(&held), 2);
    drop(task);
    run(&mut it);
    assert_eq!(Arc::strong_count(&held), 1);
}

fn a_future_of_a_closed_driver_is_dropped(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let remote = it.driver.remote().clone();
    let held = Arc::new(());
    let left = Arc::new(Mutex::new(None));
    let holding = |future| {
        let inside = Arc::clone(&held);
        async move {
            future.await;
            drop(inside);
        }
    };
    remote.spawn(holding(wait_once(&left))).detach();
    run(&mut it);
    remote.spawn(holding(wait_once(&left))).detach();
    drop(it.driver.close());
    assert_eq!(Arc::strong_count(&held), 2, "that which was ready is dropped, the other waits for its wake");
    let waker = left.lock().unwrap().take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
    remote.spawn(holding(wait_once(&left))).detach();
    assert_eq!(Arc::strong_count(&held), 1, "refused");
}

/// Must be dropped by this thread, if ever.
struct DroppedAtHome(thread::ThreadId);

impl Drop for DroppedAtHome {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.0);
    }
}

fn a_local_future_of_a_closed_driver_is_not_dropped_by_another_thread(backend: Backend) {
    let mut it = Loop::<Item>::new(backend);
    let left = Arc::new(Mutex::new(None));
    let home = thread::current().id();
    let inside = DroppedAtHome(home);
    let future = wait_once(&left);
    it.driver
        .remote()
        .spawn_local(async move {
            future.await;
            drop(inside);
        })
        .detach();
    run(&mut it);
    drop(it.driver.close());
    let waker = left.lock().unwrap().take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
}
