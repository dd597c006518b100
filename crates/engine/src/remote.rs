//! The half of the loop that any thread may touch.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::RawFd;

use crate::doorbell::Doorbell;
use crate::gate::Gate;
use crate::sync::{Arc, SegQueue, Waker};

/// Brings items to a driver from any thread, and ends its wait. Clones reach the same driver.
pub struct Remote<T>(Arc<Shared<T>>);

struct Shared<T> {
    queue: SegQueue<T>,
    doorbell: Doorbell,
    waker: Waker,
    /// Closed with the driver: nobody would take out what is pushed.
    gate: Gate,
}

impl<T> Clone for Remote<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Remote<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("queued", &self.0.queue.len())
            .field("closed", &self.0.gate.is_closed())
            .finish_non_exhaustive()
    }
}

impl<T> Remote<T> {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Shared {
            queue: SegQueue::new(),
            doorbell: Doorbell::new(),
            waker: Waker::new()?,
            gate: Gate::new(),
        })))
    }

    /// Queues `item` for the next turn and wakes the driver. Items of one thread keep their order.
    ///
    /// Errors: the driver is closed; the item comes back.
    pub fn push(&self, item: T) -> Result<(), T> {
        if !self.0.gate.enter() {
            return Err(item);
        }
        self.0.queue.push(item);
        self.0.gate.leave();
        self.wake();
        Ok(())
    }

    /// Ends the driver's wait, or keeps it from beginning one before it has looked for work again.
    #[inline]
    pub fn wake(&self) {
        if self.0.doorbell.ring() {
            self.0.waker.wake();
        }
    }

    /// Ends the driver's wait if it is in one. For callers that a lock of the embedder's (say the
    /// GIL) keeps from running while the driver decides to wait.
    #[inline]
    pub fn wake_if_asleep(&self) {
        if self.0.doorbell.is_asleep() {
            self.wake();
        }
    }

    /// A non-blocking descriptor that ends the wait when any byte is written to it: for
    /// `signal.set_wakeup_fd`. It lives as long as this `Remote`.
    pub fn wakeup_fd(&self) -> RawFd {
        self.0.waker.write_fd()
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.0.waker
    }

    /// Whether the driver may sleep. False: somebody rang, and it must [`collect`](Self::collect) first.
    pub(crate) fn try_sleep(&self) -> bool {
        self.0.doorbell.try_sleep()
    }

    /// Whether there may be something to [`collect`](Self::collect).
    #[inline]
    pub(crate) fn has_rung(&self) -> bool {
        self.0.doorbell.is_rung()
    }

    /// Ends the driver's sleep, and moves to `ready` what was pushed.
    #[inline]
    pub(crate) fn collect(&self, ready: &mut VecDeque<T>) {
        if self.0.doorbell.answer() {
            // No more than there is now: pushers that are faster than this must not keep the turn from its end. Who
            // pushes from here on rings again.
            for _ in 0..self.0.queue.len() {
                ready.extend(self.0.queue.pop());
            }
        }
    }

    /// Refuses all pushes from now on.
    pub(crate) fn close(&self) {
        self.0.gate.close();
    }

    /// Takes out what is left after [`close`](Self::close); nothing comes after it.
    pub(crate) fn drain(&self) -> impl Iterator<Item = T> {
        self.0.gate.wait_until_empty();
        std::iter::from_fn(|| self.0.queue.pop())
    }
}
