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
    /// In line for a slot.
    Waiting(HostId, Option<Ticket>, Waiter<C>),
    /// A connection that can be shared is on its way.
    Hoping(HostId, Option<usize>),
    Over,
}

impl<R: Runtime, C: Pooled> Acquire<R, C> {
    pub(super) fn new(pool: &Rc<Inner<R, C>>, key: &Key) -> Self {
        Self { pool: Rc::clone(pool), key: key.clone(), stage: Stage::Begin }
    }

    fn begin(&mut self, waker: &Waker) -> Poll<Result<Acquired<R, C>, Error>> {
        match self.pool.attempt(&self.key) {
            Ok(Attempt::Acquired(acquired)) => return Poll::Ready(Ok(acquired)),
            Err(closed) => return Poll::Ready(Err(closed)),
            Ok(Attempt::Full(host)) => {
                let waiter = Rc::new(RefCell::new(Wait::Waiting(waker.clone())));
                let ticket = self.pool.state.borrow_mut().limits.wait(host, Rc::clone(&waiter));
                self.stage = Stage::Waiting(host, ticket, waiter);
            }
            Ok(Attempt::Coming(host)) => {
                let place = self.pool.state.borrow_mut().hope(host, None, waker);
                self.stage = Stage::Hoping(host, place);
            }
        }
        Poll::Pending
    }

    fn leave(&mut self) {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Begin | Stage::Over => {}
            Stage::Hoping(host, place) => {
                let state = &mut *self.pool.state.borrow_mut();
                if let Some(place) = place {
                    state.stop_hoping(host, place);
                }
                state.forget_unused(host);
            }
            Stage::Waiting(host, ticket, waiter) => match waiter.replace(Wait::Over) {
                Wait::Granted(grant) => self.pool.take_back(host, grant),
                Wait::Waiting(_) => {
                    if let Some(ticket) = ticket {
                        self.pool.state.borrow_mut().cancel(host, ticket);
                    }
                }
                Wait::Over => {}
            },
        }
    }
}

impl<R: Runtime, C: Pooled> Future for Acquire<R, C> {
    type Output = Result<Acquired<R, C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let done = match &this.stage {
            Stage::Begin => this.begin(cx.waker()),
            Stage::Hoping(..) => {
                this.leave();
                this.begin(cx.waker())
            }
            Stage::Waiting(host, _, waiter) => {
                let mut wait = waiter.borrow_mut();
                if let Wait::Waiting(waker) = &mut *wait {
                    waker.clone_from(cx.waker());
                    return Poll::Pending;
                }
                let over = mem::replace(&mut *wait, Wait::Over);
                drop(wait);
                Poll::Ready(match over {
                    Wait::Granted(grant) => Ok(this.pool.redeem(*host, grant)),
                    Wait::Waiting(_) | Wait::Over => Err(Error::new(Kind::Closed)),
                })
            }
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
        self.leave();
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Acquire<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").field("key", &self.key).finish_non_exhaustive()
    }
}
