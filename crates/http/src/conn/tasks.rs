//! The futures that hyper begins for an HTTP/2 connection, all in one task.
//!
//! Data for one of them wakes another: the one that reads wakes the one that has the stream, which wakes who asked. As
//! tasks of their own each of these steps would cost a turn of the loop.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream as _;
use futures_util::stream::FuturesUnordered;
use hyper::rt::Executor;

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Takes futures in for [`Tasks`]. It may be asked to while they run.
#[derive(Clone, Default)]
pub(super) struct Spawner(Rc<RefCell<Vec<Task>>>);

impl<F: Future<Output = ()> + 'static> Executor<F> for Spawner {
    fn execute(&self, future: F) {
        self.0.borrow_mut().push(Box::pin(future));
    }
}

/// Futures that run together.
pub(super) struct Tasks {
    spawner: Spawner,
    inside: FuturesUnordered<Task>,
}

impl Tasks {
    pub(super) fn new(spawner: Spawner) -> Self {
        Self { spawner, inside: FuturesUnordered::new() }
    }

    /// Runs those that were woken, and those that they begin. Ready when none is left.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let new = self.spawner.0.take();
            let come = !new.is_empty();
            self.inside.extend(new);
            match Pin::new(&mut self.inside).poll_next(cx) {
                Poll::Ready(None) if !come && self.spawner.0.borrow().is_empty() => return Poll::Ready(()),
                Poll::Pending if self.spawner.0.borrow().is_empty() => return Poll::Pending,
                Poll::Ready(_) | Poll::Pending => {}
            }
        }
    }
}
