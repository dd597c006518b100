//! Waiting for a time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use rondel_engine::{Nanos, TimerKey};
use rondel_http::Runtime;

use super::Chore;
use super::runtime::{Loop, attached};
use crate::event_loop::Ready;

/// Ends at its time. Dropped, it takes its timer back at once.
#[derive(Debug)]
pub struct Sleep {
    home: Loop,
    at: Nanos,
    /// And who is woken by it.
    timer: Option<(TimerKey, Waker)>,
}

impl Sleep {
    pub fn new(home: Loop, at: Nanos) -> Self {
        Self { home, at, timer: None }
    }

    fn cancel(&mut self) {
        if let Some((key, waker)) = self.timer.take() {
            let item = self.home.with_state(attached(), |state| state.driver.cancel(key));
            drop((item, waker));
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at <= self.home.now() {
            self.cancel();
            return Poll::Ready(());
        }
        if self.timer.as_ref().is_none_or(|(_, waker)| !waker.will_wake(cx.waker())) {
            self.cancel();
            let waker = cx.waker().clone();
            let item = Ready::Http(Chore::Waker(waker.clone()));
            let key = self.home.with_state(attached(), |state| state.driver.schedule(self.at, item));
            // On a closed loop it never ends, as all that waits there.
            self.timer = key.map(|key| (key, waker));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}
