//! What several of these tests use.
#![allow(dead_code)] // each takes what it needs

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rondel::{Backend, Builder, Clock};

/// Runs `future` on a virtual clock.
pub fn run_virtually<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new().clock(Clock::new_virtual()).build().unwrap();
    runtime.run(future).unwrap()
}

/// Runs what `make` makes on each selector that there is.
pub fn run_on_each_selector<F: Future>(make: impl Fn() -> F) {
    for selector in [Backend::Poll, Backend::Epoll] {
        let runtime = Builder::new().selector(selector).build().unwrap();
        runtime.run(make()).unwrap();
    }
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Notes what happens, in order.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

/// Notes when it is dropped, and where.
pub struct NoteDrop {
    pub log: Log,
    pub name: &'static str,
    thread: std::thread::ThreadId,
}

impl NoteDrop {
    pub fn new(log: &Log, name: &'static str) -> Self {
        Self { log: log.clone(), name, thread: std::thread::current().id() }
    }
}

impl Drop for NoteDrop {
    fn drop(&mut self) {
        assert_eq!(self.thread, std::thread::current().id());
        self.log.add(format!("{} dropped", self.name));
    }
}

/// A waker that counts.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once, with a waker of the caller's.
pub fn poll_with<F: Future>(future: Pin<&mut F>, count: &Arc<Count>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(count));
    future.poll(&mut Context::from_waker(&waker))
}
