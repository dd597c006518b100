//! One direction of a source: whether it may be ready, and who waits for that.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use slab::Slab;

pub(super) struct Side {
    maybe_ready: Cell<bool>,
    /// The turn in which it was last cleared.
    cleared: Cell<u64>,
    waiters: RefCell<Waiters>,
}

#[derive(Default)]
struct Waiters {
    /// Of the poll functions, which can't say when they stop waiting: the last one counts.
    polled: Option<Waker>,
    /// Of futures, which own their place until they are dropped.
    futures: Slab<Option<Waker>>,
}

impl Side {
    pub(super) fn new() -> Self {
        Self { maybe_ready: Cell::new(true), cleared: Cell::new(0), waiters: RefCell::default() }
    }

    pub(super) fn maybe_ready(&self) -> bool {
        self.maybe_ready.get()
    }

    /// It is not ready, as somebody has found in `turn`.
    pub(super) fn clear(&self, turn: u64) {
        self.maybe_ready.set(false);
        self.cleared.set(turn);
    }

    /// The selector has seen it ready when `turn` began. False: somebody has found since that it is not
    /// (any more). If it is again, the next turn says so.
    #[must_use]
    pub(super) fn set_ready(&self, turn: u64) -> bool {
        let news = self.maybe_ready.get() || self.cleared.get() != turn;
        if news {
            self.maybe_ready.set(true);
        }
        news
    }

    /// Notes a future that waits, at its place if it has one, and gives its place.
    pub(super) fn wait(&self, place: Option<usize>, waker: Waker) -> usize {
        let mut waiters = self.waiters.borrow_mut();
        let (place, before) = match place {
            Some(place) => (place, waiters.futures[place].replace(waker)),
            None => (waiters.futures.insert(Some(waker)), None),
        };
        drop(waiters);
        drop(before);
        place
    }

    /// A future that has a place waits no more.
    pub(super) fn leave(&self, place: usize) {
        let waker = self.waiters.borrow_mut().futures.remove(place);
        drop(waker);
    }

    /// Notes a poll function that waits.
    pub(super) fn wait_polled(&self, waker: Waker) {
        let before = self.waiters.borrow_mut().polled.replace(waker);
        drop(before);
    }

    /// Wakes all that wait; false, if nobody did.
    #[must_use]
    pub(super) fn wake(&self) -> bool {
        let mut woken = false;
        let mut place = 0;
        while let Some(waker) = self.next_waiter(&mut place) {
            woken = true;
            waker.wake();
        }
        woken
    }

    /// Takes out one waiter after the other, `from` a place on.
    fn next_waiter(&self, from: &mut usize) -> Option<Waker> {
        let mut waiters = self.waiters.borrow_mut();
        if let Some(waker) = waiters.polled.take() {
            return Some(waker);
        }
        while *from < waiters.futures.capacity() {
            *from += 1;
            if let Some(waker) = waiters.futures.get_mut(*from - 1).and_then(Option::take) {
                return Some(waker);
            }
        }
        None
    }
}
