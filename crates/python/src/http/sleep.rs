//! Waiting for a time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pyo3::Python;
use rondel_engine::{Nanos, TimerKey};
use rondel_http::Runtime;

use super::chore::Duty;
use super::runtime::{Loop, attached};
use crate::event_loop::Ready;

/// Ends at its time. Dropped, it takes its timer back at once.
#[derive(Debug)]
pub struct Sleep {
    home: Loop,
    at: Nanos,
    /// And the number of whom it wakes.
    timer: Option<(TimerKey, usize)>,
}

impl Sleep {
    pub fn new(home: Loop, at: Nanos) -> Self {
        Self { home, at, timer: None }
    }

    fn cancel(&mut self) {
        if let Some((key, number)) = self.timer.take() {
            let item = self.home.with_state(attached(), |state| state.driver.cancel(key));
            let waker = self.home.shared().sleepers.borrow_mut().try_remove(number);
            drop((item, waker));
        }
    }

    /// Whether the timer is there, and wakes the waker of `cx`.
    fn will_wake(&self, cx: &Context<'_>) -> bool {
        let Some((_, number)) = self.timer else { return false };
        let sleepers = self.home.shared().sleepers.borrow();
        sleepers.get(number).is_some_and(|waker| waker.will_wake(cx.waker()))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at <= self.home.now() {
            self.cancel();
            return Poll::Ready(());
        }
        if !self.will_wake(cx) {
            self.cancel();
            let waker = cx.waker().clone();
            let number = self.home.shared().sleepers.borrow_mut().insert(waker);
            #[allow(clippy::cast_possible_truncation)] // each takes memory
            let item = Ready::Http(Duty::Timer(number as u32).into());
            let key = self.home.with_state(attached(), |state| state.driver.schedule(self.at, item));
            if let Some(key) = key {
                self.timer = Some((key, number));
            } else {
                // On a closed loop it never ends, as all that waits there.
                let waker = self.home.shared().sleepers.borrow_mut().try_remove(number);
                drop(waker);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Wakes the sleeper of this number: if it has gone, nobody, or once too often whoever has the number now.
pub fn over(py: Python<'_>, home: &Loop, number: u32) {
    let waker = home.shared().sleepers.borrow().get(number as usize).cloned();
    if let Some(waker) = waker {
        home.enter(py, || waker.wake());
    }
}
