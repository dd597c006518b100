//! Connections that are kept for the next request, and limits on how many there are at a time.
//!
//! Who holds what is told by ownership alone. [`Acquire`] waits for a slot; the slot is then in a [`Permit`] while a
//! connection is being opened, and in a [`Lease`] while it is used. Dropping any of the three at any moment gives back
//! what it has, to whoever is next in line. Idle connections are looked after by one background task.

mod acquire;
mod bells;
mod idle;
mod inner;
mod key;
mod lease;
mod limits;
mod permit;
mod reaper;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

pub use acquire::Acquire;
pub use key::Key;
pub use lease::{Lease, Place};
pub use permit::Permit;

use self::inner::Inner;
use crate::runtime::Runtime;

/// What may be done with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// How many connections may be in use at a time, idle ones not counted; 0: any number. A connection that several
    /// requests share (HTTP/2) counts once.
    pub limit: usize,
    /// The same for the connections to one server by one route.
    pub limit_per_host: usize,
    /// How long an idle connection is kept; none: as long as the server does.
    pub keepalive: Option<Duration>,
    /// Closes each connection after one request.
    pub force_close: bool,
}

impl Default for PoolSettings {
    /// A hundred connections, each kept for fifteen seconds.
    fn default() -> Self {
        Self { limit: 100, limit_per_host: 0, keepalive: Some(Duration::from_secs(15)), force_close: false }
    }
}

/// What a pool keeps. None of these calls may use the pool, but for the two that take a context.
pub trait Pooled: Unpin + 'static {
    /// Another handle on the same connection, if several requests can use it at a time.
    fn share(&self) -> Option<Self>
    where
        Self: Sized;

    /// For one that several requests can use: has `call` called when it takes more of them at a time than before. `call`
    /// uses the pool, and the connection.
    fn when_roomier(&self, call: Rc<dyn Fn()>);

    /// Whether it can take a request now.
    fn is_idle(&self) -> bool;

    /// Whether it will never take one again.
    fn is_closed(&self) -> bool;

    /// For one that is neither idle nor closed, because some of a request is on its way whose answer was read already:
    /// ready when it is either.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// For one that is idle: ready when the server has closed it, or has sent what nobody asked for.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Connections to any number of servers. Clones are the same pool.
pub struct Pool<R: Runtime, C: Pooled>(Rc<Inner<R, C>>);

/// What an [`Acquire`] ends with.
#[derive(Debug)]
pub enum Acquired<R: Runtime, C: Pooled> {
    /// A connection that was there.
    Lease(Lease<R, C>),
    /// None was there; this is the right to open one.
    Permit(Permit<R, C>),
}

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Connections in use, or on their way.
    pub in_use: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Requests that wait for a slot.
    pub waiting: usize,
}

impl<R: Runtime, C: Pooled> Pool<R, C> {
    /// An empty pool.
    pub fn new(runtime: R, settings: PoolSettings) -> Self {
        Self(Rc::new(Inner::new(runtime, settings)))
    }

    /// Waits, in line, for a connection or the right to open one.
    ///
    /// Errors: [`Kind::Closed`](crate::Kind::Closed).
    pub fn acquire(&self, key: &Key) -> Acquire<R, C> {
        Acquire::new(&self.0, key)
    }

    /// Closes what is idle, tells everybody who waits, and takes nothing back any more.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.state.borrow().is_closed()
    }

    /// How things stand.
    pub fn statistics(&self) -> Statistics {
        self.0.state.borrow().statistics()
    }
}

impl<R: Runtime, C: Pooled> Clone for Pool<R, C> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Runtime, C: Pooled> fmt::Debug for Pool<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("statistics", &self.statistics()).finish_non_exhaustive()
    }
}
