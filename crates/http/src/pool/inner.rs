//! What a pool does.
//!
//! Connections are looked at and dropped, and wakers called and dropped, only while the state is not borrowed: any of these
//! may run code of the embedder, which may use the pool.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rondel_engine::Nanos;

use super::bells::Bells;
use super::idle::Loan;
use super::key::Key;
use super::lease::Lease;
use super::limits::HostId;
use super::permit::Permit;
use super::state::{Grant, State, dismiss, grant};
use super::{Acquired, PoolSettings, Pooled, reaper};
use crate::error::{Error, Kind};
use crate::runtime::Runtime;

pub(super) struct Inner<R: Runtime, C: Pooled> {
    pub(super) runtime: R,
    keepalive: Option<Nanos>,
    force_close: bool,
    pub(super) state: RefCell<State<C>>,
    pub(super) bells: Bells,
    /// A reaper is there.
    pub(super) reaping: Cell<bool>,
    next_id: Cell<u64>,
}

/// How an attempt to get a connection without waiting has ended.
pub(super) enum Attempt<R: Runtime, C: Pooled> {
    Acquired(Acquired<R, C>),
    /// There is no slot, or a connection is on its way that will do for many.
    Full(HostId),
}

/// How the opening of a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// It stands, and others can use it, too.
    Shared,
    /// It stands, for one request at a time.
    Exclusive,
    /// It does not stand.
    Failed,
    /// There is no need for it any more.
    Outrun,
}

impl<R: Runtime, C: Pooled> Inner<R, C> {
    pub(super) fn new(runtime: R, settings: PoolSettings) -> Self {
        let nanos = |keepalive: Duration| Nanos::try_from(keepalive.as_nanos()).unwrap_or(Nanos::MAX);
        Self {
            runtime,
            keepalive: settings.keepalive.map(nanos),
            force_close: settings.force_close,
            state: RefCell::new(State::new(settings)),
            bells: Bells::default(),
            reaping: Cell::new(false),
            next_id: Cell::new(0),
        }
    }

    /// A connection for `key`, or the right to open one, if that needs no waiting.
    pub(super) fn attempt(self: &Rc<Self>, key: &Key) -> Result<Attempt<R, C>, Error> {
        let host = {
            let state = &mut *self.state.borrow_mut();
            if state.is_closed() {
                return Err(Error::new(Kind::Closed));
            }
            let host = state.host(key);
            if let Some((id, handle)) = state.share(host) {
                return Ok(Attempt::Acquired(Acquired::Lease(Lease::of_handle(self, host, id, handle))));
            }
            if !state.limits.try_take(host) {
                return Ok(Attempt::Full(host));
            }
            host
        };
        Ok(Attempt::Acquired(if let Some(connection) = self.take_idle(host) {
            Acquired::Lease(self.lend(host, connection, true))
        } else {
            self.state.borrow_mut().begin_opening(host);
            Acquired::Permit(Permit::new(self, host))
        }))
    }

    /// Makes what a waiter was given what he waited for.
    pub(super) fn redeem(self: &Rc<Self>, host: HostId, grant: Grant<C>) -> Acquired<R, C> {
        match grant {
            Grant::Handle(id, handle) => return Acquired::Lease(Lease::of_handle(self, host, id, handle)),
            Grant::Connection(connection) if connection.is_idle() => {
                return Acquired::Lease(self.lend(host, connection, true));
            }
            // It has ended on its way from hand to hand.
            Grant::Connection(ended) => {
                drop(ended);
                self.state.borrow_mut().begin_opening(host);
            }
            Grant::Slot => {}
        }
        let permit = Permit::new(self, host);
        match self.take_idle(host) {
            Some(connection) => Acquired::Lease(permit.fill(connection).reused(true)),
            None => Acquired::Permit(permit),
        }
    }

    /// Takes back what a waiter was given who has gone.
    pub(super) fn take_back(self: &Rc<Self>, host: HostId, grant: Grant<C>) {
        match grant {
            Grant::Handle(id, handle) => self.give_back_handle(host, id, Some(handle)),
            Grant::Connection(connection) => self.give_back(host, connection),
            Grant::Slot => self.opened(host, Opened::Outrun),
        }
    }

    /// A lease on a connection, whose slot the caller has.
    pub(super) fn lend(self: &Rc<Self>, host: HostId, connection: C, reused: bool) -> Lease<R, C> {
        let Some(handle) = connection.share() else { return Lease::of_connection(self, host, connection, reused) };
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        if !reused {
            let pool = Rc::downgrade(self);
            connection.when_roomier(Rc::new(move || {
                if let Some(pool) = pool.upgrade() {
                    pool.welcome(host);
                }
            }));
        }
        self.state.borrow_mut().keep_shared(host, id, connection);
        self.serve(host);
        Lease::of_handle(self, host, id, handle).reused(reused)
    }

    /// An idle connection of `host` that is still good.
    fn take_idle(&self, host: HostId) -> Option<C> {
        loop {
            let (index, since, mut connection) = self.state.borrow_mut().pop_idle(host)?;
            let fresh = self.keepalive.is_none_or(|keepalive| self.runtime.now().saturating_sub(since) <= keepalive);
            // What the reaper has not yet been able to look at is looked at here.
            let rung = self.bells.has_rung(index);
            let mut ended = || connection.poll_idle(&mut Context::from_waker(Waker::noop())).is_ready();
            if fresh && !(rung && ended()) && connection.is_idle() {
                return Some(connection);
            }
        }
    }

    /// Takes back what a lease had: a connection with its slot.
    pub(super) fn give_back(self: &Rc<Self>, host: HostId, connection: C) {
        if self.force_close || !connection.is_idle() {
            drop(connection);
            return self.free_slot(host);
        }
        let (closed, next) = {
            let state = &mut *self.state.borrow_mut();
            state.limits.release(host);
            let next = state.limits.grant();
            if let Some((other, _)) = &next
                && *other != host
            {
                state.begin_opening(*other);
            }
            (state.is_closed(), next)
        };
        match next {
            // Straight from hand to hand.
            Some((same, waiter)) if same == host => grant(&waiter, Grant::Connection(connection)),
            _ if closed => drop(connection),
            next => {
                self.park(host, connection);
                if let Some((_, waiter)) = next {
                    grant(&waiter, Grant::Slot);
                }
            }
        }
        self.pass_on();
    }

    /// Takes back a handle on a shared connection. None: it is somewhere else by now.
    pub(super) fn give_back_handle(self: &Rc<Self>, host: HostId, id: u64, handle: Option<C>) {
        drop(handle);
        self.state.borrow_mut().unshare(host, id);
        self.serve(host);
        let unused = self.state.borrow_mut().take_unused(host, id);
        if let Some(connection) = unused {
            self.give_back(host, connection);
        }
    }

    /// Takes back a slot without connection.
    pub(super) fn free_slot(&self, host: HostId) {
        {
            let state = &mut *self.state.borrow_mut();
            state.limits.release(host);
            state.forget_unused(host);
        }
        self.pass_on();
    }

    /// Gives free slots to those who wait for them.
    fn pass_on(&self) {
        loop {
            let granted = self.state.borrow_mut().grant();
            let Some(waiter) = granted else { return };
            grant(&waiter, Grant::Slot);
        }
    }

    /// Gives those who wait for `host` handles on its shared connections, as many as there are.
    fn serve(&self, host: HostId) {
        loop {
            let served = self.state.borrow_mut().serve(host);
            let Some((waiter, handle)) = served else { return };
            grant(&waiter, handle);
        }
    }

    /// A shared connection of `host` has more room than before: for those who wait, and then for those who connect.
    fn welcome(&self, host: HostId) {
        self.serve(host);
        let hopeful = self.state.borrow().hopeful(host);
        hopeful.into_iter().for_each(Waker::wake);
    }

    /// A connection that was on its way stands, or does not. If not, its slot is free.
    pub(super) fn opened(&self, host: HostId, opened: Opened) {
        let shares = match opened {
            Opened::Shared => Some(true),
            Opened::Exclusive | Opened::Failed => Some(false),
            Opened::Outrun => None,
        };
        let hopeful = self.state.borrow_mut().end_opening(host, shares);
        hopeful.into_iter().for_each(Waker::wake);
        match opened {
            Opened::Shared | Opened::Exclusive => self.pass_on(),
            Opened::Failed | Opened::Outrun => self.free_slot(host),
        }
    }

    /// Keeps a connection that nobody uses.
    fn park(self: &Rc<Self>, host: HostId, connection: C) {
        let now = self.runtime.now();
        let loan = {
            let state = &mut *self.state.borrow_mut();
            let loan = state.idle.reserve(host, now);
            if let Some(data) = state.limits.data_mut(host) {
                data.idle.push(loan.index);
            }
            loan
        };
        self.look_at(loan, connection);
        if !self.reaping.replace(true) {
            reaper::spawn(self);
        }
    }

    /// Looks at the idle connection at `index`, if there is one.
    pub(super) fn look_after(&self, index: usize) {
        let lent = self.state.borrow_mut().idle.lend(index);
        if let Some((loan, connection)) = lent {
            self.look_at(loan, connection);
        }
    }

    /// Asks a connection whether it is still good, and to ring when it is not; then puts it back, or drops it.
    fn look_at(&self, loan: Loan, mut connection: C) {
        let bell = self.bells.waker(loan.index);
        let ended = connection.poll_idle(&mut Context::from_waker(&bell)).is_ready() || !connection.is_idle();
        let over = {
            let state = &mut *self.state.borrow_mut();
            if ended {
                if let Some(taken) = state.idle.take_lent(loan) {
                    state.unstack(taken.host, loan.index);
                    state.forget_unused(taken.host);
                }
                Some(connection)
            } else {
                state.idle.restore(loan, connection).err()
            }
        };
        drop(over);
    }

    /// Closes what has been idle for too long. When the next one will have; `Pending`: never. None: nothing is idle.
    pub(super) fn expire(&self) -> Option<Poll<Nanos>> {
        loop {
            let expired = {
                let state = &mut *self.state.borrow_mut();
                let (index, since) = state.idle.oldest()?;
                let Some(keepalive) = self.keepalive else { return Some(Poll::Pending) };
                let end = since.saturating_add(keepalive);
                if self.runtime.now() < end {
                    return Some(Poll::Ready(end));
                }
                let taken = state.idle.take(index)?;
                state.unstack(taken.host, index);
                state.forget_unused(taken.host);
                taken.connection
            };
            drop(expired);
        }
    }

    pub(super) fn close(&self) {
        let (connections, waiters, wakers) = self.state.borrow_mut().close();
        for waiter in &waiters {
            dismiss(waiter);
        }
        wakers.into_iter().for_each(Waker::wake);
        drop(connections);
        self.bells.call();
    }

    /// Ready when the pool is closed. `watch` is where it is kept that somebody is to hear of that.
    pub(super) fn poll_closed(&self, watch: &Cell<Option<usize>>, cx: &mut Context<'_>) -> Poll<()> {
        let (place, before) = {
            let state = &mut *self.state.borrow_mut();
            if state.is_closed() {
                return Poll::Ready(());
            }
            state.watch(watch.get(), cx.waker())
        };
        watch.set(Some(place));
        drop(before);
        Poll::Pending
    }

    /// Nobody is to hear of it any more.
    pub(super) fn unwatch(&self, watch: &Cell<Option<usize>>) {
        if let Some(place) = watch.take() {
            let before = self.state.borrow_mut().unwatch(place);
            drop(before);
        }
    }
}

impl<R: Runtime, C: Pooled> Drop for Inner<R, C> {
    fn drop(&mut self) {
        self.bells.call(); // the reaper finds nobody, and goes
    }
}
