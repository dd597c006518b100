//! The right to open a connection.

use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Pooled;
use super::inner::{Inner, Opened};
use super::lease::Lease;
use super::limits::HostId;
use crate::runtime::Runtime;

/// The right to open one connection. Dropped, it goes to whoever is next.
pub struct Permit<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    host: HostId,
    /// How it went. None: it is on its way.
    opened: Option<Opened>,
    /// Where it is kept that this waits for a connection that others open.
    hope: Option<usize>,
}

impl<R: Runtime, C: Pooled> Permit<R, C> {
    /// With a slot, which is the caller's; that a connection is being opened is noted already.
    pub(super) fn new(pool: &Rc<Inner<R, C>>, host: HostId) -> Self {
        Self { pool: Rc::clone(pool), host, opened: None, hope: None }
    }

    /// The connection stands.
    pub fn fill(mut self, connection: C) -> Lease<R, C> {
        let lease = self.pool.lend(self.host, connection, false);
        self.opened = Some(if lease.is_handle() { Opened::Shared } else { Opened::Exclusive });
        lease
    }

    /// Ready when somebody else has opened a connection meanwhile that can be shared: then there is no need for another.
    pub fn poll_shared(&mut self, cx: &mut Context<'_>) -> Poll<Lease<R, C>> {
        let registered = {
            let state = &mut *self.pool.state.borrow_mut();
            if let Some((id, handle)) = state.share(self.host) {
                self.opened = Some(Opened::Outrun);
                return Poll::Ready(Lease::of_handle(&self.pool, self.host, id, handle));
            }
            state.hope(self.host, self.hope, cx.waker())
        };
        if let Some((place, before)) = registered {
            self.hope = Some(place);
            drop(before);
        }
        Poll::Pending
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
            let before = self.pool.state.borrow_mut().stop_hoping(self.host, hope);
            drop(before);
        }
        self.pool.opened(self.host, self.opened.unwrap_or(Opened::Failed));
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Permit<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("opened", &self.opened).finish_non_exhaustive()
    }
}
