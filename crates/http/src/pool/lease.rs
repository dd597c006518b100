//! Connections in use.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rondel_engine::Nanos;

use super::Pooled;
use super::inner::Inner;
use super::limits::HostId;
use crate::runtime::Runtime;

/// How long the rest of a request may take whose answer is there already, in nanoseconds.
const LINGER: Nanos = 10_000_000_000;

/// A connection of the pool, for one request.
///
/// Dropped, it goes back to the pool if it can take another request, and is closed if not: nothing else is needed, and
/// there is no moment at which it could get lost.
pub struct Lease<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    host: HostId,
    /// Always there until the lease is at its end.
    connection: Option<C>,
    /// The shared connection that this is a handle on.
    shared: Option<u64>,
    reused: bool,
    watch: Cell<Option<usize>>,
}

impl<R: Runtime, C: Pooled> Lease<R, C> {
    /// With its slot, which is the caller's.
    pub(super) fn of_connection(pool: &Rc<Inner<R, C>>, host: HostId, connection: C, reused: bool) -> Self {
        let pool = Rc::clone(pool);
        Self { pool, host, connection: Some(connection), shared: None, reused, watch: Cell::new(None) }
    }

    /// A handle on the shared connection `id`, which was there before.
    pub(super) fn of_handle(pool: &Rc<Inner<R, C>>, host: HostId, id: u64, handle: C) -> Self {
        let pool = Rc::clone(pool);
        Self { pool, host, connection: Some(handle), shared: Some(id), reused: true, watch: Cell::new(None) }
    }

    pub(super) fn reused(mut self, reused: bool) -> Self {
        self.reused = reused;
        self
    }

    pub(super) fn is_handle(&self) -> bool {
        self.shared.is_some()
    }

    /// Whether the connection was there before: the server may have closed it meanwhile.
    pub fn is_reused(&self) -> bool {
        self.reused
    }

    /// The answer was read to its end. If some of the request is still on its way, that goes on in the background, for
    /// ten seconds at most, before the connection is of use to others.
    pub fn finish(mut self) {
        let waiting = !self.is_handle()
            && !self.is_idle()
            && !self.is_closed()
            && self.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending();
        if !waiting {
            return;
        }
        let runtime = self.pool.runtime.clone();
        let mut end = runtime.sleep_until(runtime.now().saturating_add(LINGER));
        let mut rest = self;
        runtime.spawn(Box::pin(async move {
            poll_fn(|cx| {
                let over = rest.poll_ready(cx).is_ready()
                    || rest.poll_closed(cx).is_ready()
                    || Pin::new(&mut end).poll(cx).is_ready();
                if over { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            drop(rest);
        }));
    }

    /// Closes the connection; if others use it, only this one's part of it.
    pub fn close(mut self) {
        if !self.is_handle() {
            drop(self.connection.take());
            self.pool.free_slot(self.host);
        }
    }

    /// Takes the connection out, which will never come back. It counts as in use as long as its place is there.
    pub fn detach(mut self) -> (C, Place<R, C>) {
        let place = Place { pool: Rc::clone(&self.pool), host: self.host, shared: self.shared, watch: Cell::default() };
        let Some(connection) = self.connection.take() else { unreachable!("only the end of a lease takes it") };
        (connection, place)
    }

    /// Ready when the pool is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.pool.poll_closed(&self.watch, cx)
    }
}

impl<R: Runtime, C: Pooled> Deref for Lease<R, C> {
    type Target = C;

    fn deref(&self) -> &C {
        let Some(connection) = &self.connection else { unreachable!("only the end of a lease takes it") };
        connection
    }
}

impl<R: Runtime, C: Pooled> DerefMut for Lease<R, C> {
    fn deref_mut(&mut self) -> &mut C {
        let Some(connection) = &mut self.connection else { unreachable!("only the end of a lease takes it") };
        connection
    }
}

impl<R: Runtime, C: Pooled> Drop for Lease<R, C> {
    fn drop(&mut self) {
        self.pool.unwatch(&self.watch);
        let Some(connection) = self.connection.take() else { return };
        match self.shared {
            Some(id) => self.pool.give_back_handle(self.host, id, Some(connection)),
            None => self.pool.give_back(self.host, connection),
        }
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Lease<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("reused", &self.reused).field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// The place of a connection that was taken out of the pool for good. Dropped, it is free for others.
pub struct Place<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    host: HostId,
    shared: Option<u64>,
    watch: Cell<Option<usize>>,
}

impl<R: Runtime, C: Pooled> Place<R, C> {
    /// Ready when the pool is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.pool.poll_closed(&self.watch, cx)
    }
}

impl<R: Runtime, C: Pooled> Drop for Place<R, C> {
    fn drop(&mut self) {
        self.pool.unwatch(&self.watch);
        match self.shared {
            Some(id) => self.pool.give_back_handle(self.host, id, None),
            None => self.pool.free_slot(self.host),
        }
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Place<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}
