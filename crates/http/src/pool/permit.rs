//! The right to open a connection.

use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Pooled;
use super::inner::Inner;
use super::lease::Lease;
use super::limits::HostId;
use crate::runtime::Runtime;

/// The right to open one connection. Dropped, it goes to whoever is next.
pub struct Permit<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    host: HostId,
    stage: Stage,
    /// Where it is kept that this waits for a connection that others open.
    hope: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The connection is on its way.
    Opening,
    /// A shared connection was there before.
    Outrun,
    /// The slot is the lease's.
    Filled,
}

impl<R: Runtime, C: Pooled> Permit<R, C> {
    /// With a slot, which is the caller's.
    pub(super) fn new(pool: &Rc<Inner<R, C>>, host: HostId) -> Self {
        if let Some(data) = pool.state.borrow_mut().limits.data_mut(host) {
            data.opening += 1;
        }
        Self { pool: Rc::clone(pool), host, stage: Stage::Opening, hope: None }
    }

    /// The connection stands.
    pub fn fill(mut self, connection: C) -> Lease<R, C> {
        self.stage = Stage::Filled;
        let lease = self.pool.lend(self.host, connection, false);
        self.pool.opened(self.host, Some(lease.is_handle()));
        lease
    }

    /// Ready when somebody else has opened a connection meanwhile that can be shared: then there is no need for another.
    pub fn poll_shared(&mut self, cx: &mut Context<'_>) -> Poll<Lease<R, C>> {
        let state = &mut *self.pool.state.borrow_mut();
        match state.share(self.host) {
            Some((id, handle)) => {
                self.stage = Stage::Outrun;
                Poll::Ready(Lease::of_handle(&self.pool, self.host, id, handle))
            }
            None => {
                self.hope = state.hope(self.host, self.hope, cx.waker());
                Poll::Pending
            }
        }
    }

    /// Whether the pool was closed: a connection would be of no use. [`poll_shared`](Self::poll_shared) has the task
    /// woken when that happens.
    pub fn is_void(&self) -> bool {
        self.pool.state.borrow().is_closed()
    }
}

impl<R: Runtime, C: Pooled> Drop for Permit<R, C> {
    fn drop(&mut self) {
        if let Some(hope) = self.hope.take() {
            self.pool.state.borrow_mut().stop_hoping(self.host, hope);
        }
        match self.stage {
            Stage::Opening => self.pool.opened(self.host, Some(false)),
            Stage::Outrun => self.pool.opened(self.host, None),
            Stage::Filled => return,
        }
        self.pool.free_slot(self.host);
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Permit<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("stage", &self.stage).finish_non_exhaustive()
    }
}
