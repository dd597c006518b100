//! The remote under all the interleavings that loom can make of its threads.
//!
//! The modules under test are compiled a second time here, against loom's atomics and models of what loom can't see
//! into: the queue, and the pipe that the waker writes to.
//!
//! Threads are preempted two or three times in a run, which finds all but the most contrived errors and takes seconds.
//! For more, in minutes: `LOOM_MAX_PREEMPTIONS=4 cargo test --release -p rondel-engine --test loom`.
#![forbid(unsafe_code)]

#[path = "../src/doorbell.rs"]
mod doorbell;
#[path = "../src/gate.rs"]
mod gate;
#[path = "../src/remote.rs"]
#[allow(dead_code, reason = "the driver's and the embedder's part is not all needed here")]
mod remote;

mod sync {
    use std::collections::VecDeque;
    use std::io;
    use std::os::fd::RawFd;

    pub use loom::sync::Arc;
    pub use loom::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
    use loom::sync::{Condvar, Mutex};
    pub use loom::thread::yield_now;

    /// `crossbeam_queue::SegQueue`: each call is one step. It promises less than that one: who looks may see an old
    /// length, unless something else has told of the push. So it is seen whether the doorbell and the gate do.
    pub struct SegQueue<T> {
        items: Mutex<VecDeque<T>>,
        len: AtomicUsize,
    }

    impl<T> SegQueue<T> {
        pub fn new() -> Self {
            Self { items: Mutex::new(VecDeque::new()), len: AtomicUsize::new(0) }
        }

        pub fn push(&self, item: T) {
            self.items.lock().unwrap().push_back(item);
            self.len.fetch_add(1, Ordering::Relaxed);
        }

        pub fn pop(&self) -> Option<T> {
            if self.len() == 0 {
                return None;
            }
            self.len.fetch_sub(1, Ordering::Relaxed);
            self.items.lock().unwrap().pop_front()
        }

        pub fn len(&self) -> usize {
            self.len.load(Ordering::Relaxed)
        }
    }

    /// A pipe, and the selector that waits for it.
    pub struct Waker {
        bytes: Mutex<usize>,
        written: Condvar,
    }

    impl Waker {
        #[allow(clippy::unnecessary_wraps, reason = "as the one that this is a model of")]
        pub fn new() -> io::Result<Self> {
            Ok(Self { bytes: Mutex::new(0), written: Condvar::new() })
        }

        pub fn wake(&self) {
            *self.bytes.lock().unwrap() += 1;
            self.written.notify_one();
        }

        /// Waits without end until there is a byte; loom fails where none comes.
        pub fn wait(&self) {
            let mut bytes = self.bytes.lock().unwrap();
            while *bytes == 0 {
                bytes = self.written.wait(bytes).unwrap();
            }
        }

        pub fn bytes(&self) -> usize {
            *self.bytes.lock().unwrap()
        }

        pub fn drain(&self) {
            *self.bytes.lock().unwrap() = 0;
        }

        #[allow(clippy::unused_self, reason = "as the one that this is a model of")]
        pub fn write_fd(&self) -> RawFd {
            -1
        }
    }
}

use std::collections::VecDeque;

use loom::model::Builder;
use loom::thread;

use doorbell::Doorbell;
use remote::Remote;
use sync::{Arc, AtomicUsize, Ordering};

/// All runs in which a thread is preempted at most twice.
fn explore(run: impl Fn() + Sync + Send + 'static) {
    explore_up_to(2, run);
}

fn explore_up_to(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(run);
}

fn join<const N: usize>(threads: [thread::JoinHandle<()>; N]) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// What the driver does with its remote in a turn in which nothing else is ready: `prepare`, the wait, `collect`.
fn turn<T>(remote: &Remote<T>, ready: &mut VecDeque<T>) {
    let found_byte = if remote.try_sleep() {
        remote.waker().wait();
        true
    } else {
        false
    };
    remote.collect(ready);
    if found_byte {
        remote.waker().drain();
    }
}

#[test]
fn no_push_is_lost_to_a_driver_that_falls_asleep() {
    explore(|| {
        let remote = Remote::new().unwrap();
        let pushers = [1, 2].map(|item| {
            let remote = remote.clone();
            thread::spawn(move || remote.push(item).unwrap())
        });
        let mut ready = VecDeque::new();
        while ready.len() < 2 {
            turn(&remote, &mut ready);
        }
        join(pushers);
    });
}

#[test]
fn pushes_of_one_thread_keep_their_order() {
    explore(|| {
        let remote = Remote::new().unwrap();
        let pusher = remote.clone();
        let pushing = thread::spawn(move || (1..=3).for_each(|item| pusher.push(item).unwrap()));
        let mut ready = VecDeque::new();
        while ready.len() < 3 {
            turn(&remote, &mut ready);
        }
        assert_eq!(ready, [1, 2, 3]);
        pushing.join().unwrap();
    });
}

/// What was collected is what was pushed before, also where the turn did not sleep.
#[test]
fn a_turn_sees_what_was_pushed_before_it_began() {
    explore(|| {
        let remote = Remote::new().unwrap();
        let other = remote.clone();
        let pushed = thread::spawn(move || other.push(1).unwrap());
        let mut ready = VecDeque::new();
        remote.collect(&mut ready);
        pushed.join().unwrap();
        remote.collect(&mut ready);
        assert_eq!(ready, [1]);
    });
}

#[test]
fn a_bare_wake_ends_a_sleep() {
    explore(|| {
        let remote = Remote::<()>::new().unwrap();
        let waker = remote.clone();
        let waking = thread::spawn(move || waker.wake());
        // One of these sleeps, if the wake has not come yet.
        turn(&remote, &mut VecDeque::new());
        waking.join().unwrap();
    });
}

#[test]
fn one_of_those_who_ring_writes_to_the_waker() {
    explore(|| {
        let remote = Remote::new().unwrap();
        let slept = remote.try_sleep();
        let pushers = [1, 2].map(|item| {
            let remote = remote.clone();
            thread::spawn(move || remote.push(item).unwrap())
        });
        join(pushers);
        assert!(slept);
        assert_eq!(remote.waker().bytes(), 1);
    });
}

#[test]
fn ring_says_true_once_a_sleep() {
    explore(|| {
        let doorbell = Arc::new(Doorbell::new());
        let told = Arc::new(AtomicUsize::new(0));
        let ringers = [(); 2].map(|()| {
            let (doorbell, told) = (Arc::clone(&doorbell), Arc::clone(&told));
            thread::spawn(move || {
                if doorbell.ring() {
                    told.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        let mut sleeps = 0;
        for _ in 0..2 {
            sleeps += usize::from(doorbell.try_sleep());
            let _ = doorbell.answer();
        }
        join(ringers);
        assert!(told.load(Ordering::SeqCst) <= sleeps);
    });
}

#[test]
fn a_change_under_a_wait_ends_it() {
    explore(|| {
        let remote = Remote::<()>::new().unwrap();
        assert!(remote.try_sleep());
        let changing = remote.clone();
        let other = remote.clone();
        // As `Driver::set_reader` of another thread does, while a third one wakes, too.
        let threads = [thread::spawn(move || changing.wake_if_asleep()), thread::spawn(move || other.wake())];
        remote.waker().wait();
        join(threads);
        assert_eq!(remote.waker().bytes(), 1);
    });
}

#[test]
fn a_driver_that_closes_while_threads_push_leaves_nothing_behind() {
    explore_up_to(3, || {
        let remote = Remote::new().unwrap();
        let pushers = [1, 2].map(|item| {
            let remote = remote.clone();
            thread::spawn(move || remote.push(item).is_ok())
        });
        remote.close();
        let drained: Vec<i32> = remote.drain().collect();
        let accepted = pushers.map(|pusher| pusher.join().unwrap()).iter().filter(|&&accepted| accepted).count();
        assert_eq!(drained.len(), accepted);
        assert_eq!(remote.drain().count(), 0);
    });
}
