//! The half of the loop that any thread may touch.

use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::SegQueue;
use rondel_sys::Waker;

use crate::doorbell::Doorbell;

/// Brings items to a driver from any thread, and ends its wait. Clones reach the same driver.
pub struct Remote<T>(Arc<Shared<T>>);

struct Shared<T> {
    queue: SegQueue<T>,
    doorbell: Doorbell,
    waker: Waker,
    /// Set when the driver is gone or closed: nobody would take out what is pushed.
    closed: AtomicBool,
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
            .field("closed", &self.0.closed)
            .finish_non_exhaustive()
    }
}

impl<T> Remote<T> {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Shared {
            queue: SegQueue::new(),
            doorbell: Doorbell::new(),
            waker: Waker::new()?,
            closed: AtomicBool::new(false),
        })))
    }

    /// Queues `item` for the next turn and wakes the driver. Items of one thread keep their order.
    ///
    /// Errors: the driver is closed; the item comes back.
    pub fn push(&self, item: T) -> Result<(), T> {
        if self.0.closed.load(Ordering::SeqCst) {
            return Err(item);
        }
        self.0.queue.push(item);
        self.wake();
        // The driver may have closed between the look and the push, and looked for the last time.
        if self.0.closed.load(Ordering::SeqCst) {
            while self.0.queue.pop().is_some() {}
        }
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

    pub(crate) fn pop(&self) -> Option<T> {
        self.0.queue.pop()
    }

    pub(crate) fn has_items(&self) -> bool {
        !self.0.queue.is_empty()
    }

    pub(crate) fn try_sleep(&self) -> bool {
        self.0.doorbell.try_sleep()
    }

    pub(crate) fn wake_up(&self) {
        self.0.doorbell.wake_up();
    }

    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }
}
