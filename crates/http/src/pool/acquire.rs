//! Waiting for a connection.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::inner::{Attempt, Inner};
use super::key::Key;
use super::limits::{HostId, Ticket};
use super::state::{Wait, Waiter};
use super::{Acquired, Pooled};
use crate::error::{Error, Kind};
use crate::runtime::Runtime;

/// What [`Pool::acquire`](super::Pool::acquire) gives. Dropped, it takes itself out of the line, and passes on what it
/// was given already.
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    key: Key,
    stage: Stage<C>,
}

enum Stage<C> {
    Begin,
    /// In line.
    Waiting(HostId, Option<Ticket>, Waiter<C>),
    Over,
}

impl<R: Runtime, C: Pooled> Acquire<R, C> {
    pub(super) fn new(pool: &Rc<Inner<R, C>>, key: &Key) -> Self {
        Self { pool: Rc::clone(pool), key: key.clone(), stage: Stage::Begin }
    }

    fn begin(&mut self, waker: &Waker) -> Poll<Result<Acquired<R, C>, Error>> {
        match self.pool.attempt(&self.key) {
            Ok(Attempt::Acquired(acquired)) => Poll::Ready(Ok(acquired)),
            Ok(Attempt::Full(host)) => {
                let waiter = Rc::new(RefCell::new(Wait::Waiting(waker.clone())));
                let ticket = self.pool.state.borrow_mut().limits.wait(host, Rc::clone(&waiter));
                self.stage = Stage::Waiting(host, ticket, waiter);
                Poll::Pending
            }
            Err(closed) => Poll::Ready(Err(closed)),
        }
    }
}

impl<R: Runtime, C: Pooled> Future for Acquire<R, C> {
    type Output = Result<Acquired<R, C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let done = match &this.stage {
            Stage::Begin => this.begin(cx.waker()),
            Stage::Waiting(host, _, waiter) => match waiter.replace(Wait::Over) {
                Wait::Granted(grant) => Poll::Ready(Ok(this.pool.redeem(*host, grant))),
                Wait::Over => Poll::Ready(Err(Error::new(Kind::Closed))),
                Wait::Waiting(waker) => {
                    let waker = if waker.will_wake(cx.waker()) { waker } else { cx.waker().clone() };
                    waiter.replace(Wait::Waiting(waker));
                    Poll::Pending
                }
            },
            Stage::Over => Poll::Ready(Err(Error::new(Kind::Closed))),
        };
        if done.is_ready() {
            this.stage = Stage::Over;
        }
        done
    }
}

impl<R: Runtime, C: Pooled> Drop for Acquire<R, C> {
    fn drop(&mut self) {
        let Stage::Waiting(host, ticket, waiter) = mem::replace(&mut self.stage, Stage::Over) else { return };
        match (waiter.replace(Wait::Over), ticket) {
            (Wait::Granted(grant), _) => self.pool.take_back(host, grant),
            (Wait::Waiting(_), Some(ticket)) => self.pool.state.borrow_mut().cancel(host, ticket),
            (Wait::Waiting(_), None) | (Wait::Over, _) => {}
        }
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Acquire<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").field("key", &self.key).finish_non_exhaustive()
    }
}
