//! `spawn_blocking`.

use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

use rondel::sync::Queue;
use rondel::{JoinError, gather, spawn, spawn_blocking, yield_now};

#[test]
fn functions_run_on_other_threads_while_the_loop_goes_on() {
    rondel::run(async {
        let here = thread::current().id();
        let (open, opened) = mpsc::channel();
        // It waits for what the loop does only after it was started.
        let task = spawn_blocking(move || {
            opened.recv().unwrap();
            thread::current().id()
        });
        yield_now().await;
        open.send(()).unwrap();
        assert_ne!(task.await.unwrap(), here);
    })
    .unwrap();
}

#[test]
fn many_tasks_wait_for_many_functions() {
    rondel::run(async {
        let tasks = (0..200_u64).map(|number| {
            spawn(async move {
                let mut sum = 0;
                for step in 0..5 {
                    sum += spawn_blocking(move || number + step).await.unwrap();
                }
                sum
            })
        });
        let sums = gather(tasks).await.into_iter().map(Result::unwrap);
        assert!(sums.eq((0..200).map(|number| 5 * number + 10)));
    })
    .unwrap();
}

#[test]
fn a_panic_ends_the_function_alone() {
    rondel::run(async {
        let error = spawn_blocking(|| panic!("on purpose")).await.unwrap_err();
        assert_eq!(error.to_string(), "the task panicked: on purpose");
        assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
    })
    .unwrap();
}

/// A door that threads wait at.
#[derive(Default)]
struct Door(Mutex<bool>, Condvar);

impl Door {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

#[test]
fn cancelling_does_not_wait_for_a_function_that_runs() {
    let door = Arc::new(Door::default());
    let ended = Queue::bounded(1);
    rondel::run(async {
        let (running, runs) = mpsc::channel();
        let task = spawn_blocking({
            let (door, ended) = (Arc::clone(&door), ended.clone());
            move || {
                running.send(()).unwrap();
                door.pass();
                ended.try_put("ended").unwrap();
            }
        });
        runs.recv().unwrap();
        task.cancel();
        assert!(matches!(task.await, Err(JoinError::Cancelled)));
        assert!(ended.is_empty());
    })
    .unwrap();
    door.open();
    assert_eq!(rondel::run(ended.get()).unwrap(), Some("ended"));
}

#[test]
fn a_runtime_does_not_wait_for_functions_when_it_ends() {
    let door = Arc::new(Door::default());
    let ended = Queue::bounded(1);
    rondel::run(async {
        let (running, runs) = mpsc::channel();
        let (door, ended) = (Arc::clone(&door), ended.clone());
        drop(spawn_blocking(move || {
            running.send(()).unwrap();
            door.pass();
            ended.try_put("ended").unwrap();
        }));
        runs.recv().unwrap();
    })
    .unwrap();
    assert!(ended.is_empty());
    door.open();
    assert_eq!(rondel::run(ended.get()).unwrap(), Some("ended"));
}
