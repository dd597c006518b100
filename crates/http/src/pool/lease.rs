//! Connections, and the right to open one, in use.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::mem;
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

    /// A handle on the shared connection `id`.
    pub(super) fn of_handle(pool: &Rc<Inner<R, C>>, host: HostId, id: u64, handle: C) -> Self {
        let pool = Rc::clone(pool);
        Self { pool, host, connection: Some(handle), shared: Some(id), reused: true, watch: Cell::new(None) }
    }

    /// The connection was made for this.
    pub(super) fn first(mut self) -> Self {
        self.reused = false;
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

    /// Takes the connection out, which will never come back. It counts as in use as long as the permit is there.
    pub fn detach(mut self) -> (C, Permit<R, C>) {
        let claim = self.shared.map_or(Claim::Slot, Claim::Handle);
        let permit = Permit::new(&self.pool, self.host, claim);
        let Some(connection) = self.connection.take() else { unreachable!("only the end of a lease takes it") };
        (connection, permit)
    }

    /// Ready when the pool is closed.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let state = &mut *self.pool.state.borrow_mut();
        if state.is_closed() {
            return Poll::Ready(());
        }
        self.watch.set(Some(state.watch(self.watch.get(), cx.waker())));
        Poll::Pending
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
        if let Some(watch) = self.watch.take() {
            self.pool.state.borrow_mut().unwatch(watch);
        }
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

/// The right to open one connection. Dropped, it goes to whoever is next.
pub struct Permit<R: Runtime, C: Pooled> {
    pool: Rc<Inner<R, C>>,
    host: HostId,
    claim: Claim,
    hope: Option<usize>,
}

/// What a permit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// A slot, for a connection that is being opened.
    Opening,
    /// The same, but a shared connection was there before it stood.
    Outrun,
    /// The slot of a connection that the pool does not have any more.
    Slot,
    /// A part of a shared connection.
    Handle(u64),
    /// Nothing: what it was is the lease's.
    Nothing,
}

impl<R: Runtime, C: Pooled> Permit<R, C> {
    fn new(pool: &Rc<Inner<R, C>>, host: HostId, claim: Claim) -> Self {
        Self { pool: Rc::clone(pool), host, claim, hope: None }
    }

    /// With a slot, which is the caller's.
    pub(super) fn to_open(pool: &Rc<Inner<R, C>>, host: HostId) -> Self {
        if let Some(data) = pool.state.borrow_mut().limits.data_mut(host) {
            data.opening += 1;
        }
        Self::new(pool, host, Claim::Opening)
    }

    /// The connection stands.
    pub fn fill(mut self, connection: C) -> Lease<R, C> {
        self.claim = Claim::Nothing;
        let lease = self.pool.lend(self.host, connection, false);
        self.pool.opened(self.host, Some(lease.is_handle()));
        lease
    }

    /// Ready when somebody else has opened a connection meanwhile that can be shared: then there is no need for another.
    pub fn poll_shared(&mut self, cx: &mut Context<'_>) -> Poll<Lease<R, C>> {
        let state = &mut *self.pool.state.borrow_mut();
        match state.share(self.host) {
            Some((id, handle)) => {
                self.claim = Claim::Outrun;
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
        match mem::replace(&mut self.claim, Claim::Nothing) {
            Claim::Opening => {
                self.pool.opened(self.host, Some(false));
                self.pool.free_slot(self.host);
            }
            Claim::Outrun => {
                self.pool.opened(self.host, None);
                self.pool.free_slot(self.host);
            }
            Claim::Slot => self.pool.free_slot(self.host),
            Claim::Handle(id) => self.pool.give_back_handle(self.host, id, None),
            Claim::Nothing => {}
        }
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Permit<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("claim", &self.claim).finish_non_exhaustive()
    }
}
