//! What a pool remembers.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::rc::Rc;
use std::task::Waker;

use rondel_engine::Nanos;
use slab::Slab;

use super::idle::IdleList;
use super::key::Key;
use super::limits::{HostId, Limits, Ticket};
use super::{PoolSettings, Pooled, Statistics};

/// Of so many servers without connections it is remembered that requests could share one.
const REMEMBERED: usize = 1000;

pub(super) struct State<C> {
    closed: bool,
    keys: HashMap<Key, HostId>,
    /// Servers of which nothing is left, but that the last connection could be shared.
    sharing: HashSet<Key>,
    pub(super) limits: Limits<Waiter<C>, Host<C>>,
    pub(super) idle: IdleList<C>,
    /// Who is to be told when the pool is closed.
    watchers: Slab<Waker>,
}

/// What is known of one server.
pub(super) struct Host<C> {
    key: Key,
    /// Places in the list of idle connections: the last became idle last, and is used first.
    pub(super) idle: Vec<usize>,
    /// Connections that several requests use at a time.
    shared: Vec<Shared<C>>,
    /// Connections on their way.
    opening: usize,
    /// The last connection could be shared: so will the one that is on its way, and nobody need open another.
    shares: bool,
    /// Who opens a connection, and could do without if there were a shared one.
    hopeful: Slab<Waker>,
}

/// One connection, of which others have handles.
struct Shared<C> {
    id: u64,
    connection: C,
    handles: usize,
}

/// A place where a waiter finds what he waits for.
pub(super) type Waiter<C> = Rc<RefCell<Wait<C>>>;

pub(super) enum Wait<C> {
    /// This is how he is woken.
    Waiting(Waker),
    Granted(Grant<C>),
    /// The pool is closed, or the grant was taken.
    Over,
}

/// What a waiter is given.
pub(super) enum Grant<C> {
    /// A slot, to open a connection with.
    Slot,
    /// A slot with a connection.
    Connection(C),
    /// A handle on a connection that others have, too.
    Handle(u64, C),
}

impl<C: Pooled> State<C> {
    pub(super) fn new(settings: PoolSettings) -> Self {
        Self {
            closed: false,
            keys: HashMap::new(),
            sharing: HashSet::new(),
            limits: Limits::new(settings.limit, settings.limit_per_host),
            idle: IdleList::new(),
            watchers: Slab::new(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn statistics(&self) -> Statistics {
        Statistics { in_use: self.limits.in_use(), idle: self.idle.len(), waiting: self.limits.waiting() }
    }

    /// The host of `key`, which may be a new one.
    pub(super) fn host(&mut self, key: &Key) -> HostId {
        if let Some(host) = self.keys.get(key) {
            return *host;
        }
        let key = key.detached();
        let shares = self.sharing.remove(&key);
        let data =
            Host { key: key.clone(), idle: Vec::new(), shared: Vec::new(), opening: 0, shares, hopeful: Slab::new() };
        let host = self.limits.add(data);
        self.keys.insert(key, host);
        host
    }

    /// Forgets a host of which there is nothing left, but for what its next connection will be like.
    pub(super) fn forget_unused(&mut self, host: HostId) {
        let empty = |data: &Host<C>| {
            data.idle.is_empty() && data.shared.is_empty() && data.opening == 0 && data.hopeful.is_empty()
        };
        if self.limits.data(host).is_some_and(empty)
            && let Some(data) = self.limits.remove_unused(host)
        {
            self.keys.remove(&data.key);
            if data.shares {
                if self.sharing.len() == REMEMBERED {
                    self.sharing.clear();
                }
                self.sharing.insert(data.key);
            }
        }
    }

    /// Takes the idle connection of `host` that was used last out of the list, with its place, and since when it was there.
    pub(super) fn pop_idle(&mut self, host: HostId) -> Option<(usize, Nanos, C)> {
        let stack = &mut self.limits.data_mut(host)?.idle;
        // One that the reaper looks at just now stays where it is.
        let at = stack.iter().rposition(|index| self.idle.is_there(*index))?;
        let index = stack.remove(at);
        let taken = self.idle.take(index)?;
        Some((index, taken.since, taken.connection?))
    }

    /// Takes `index` off the stack of its host, after it was taken out of the list.
    pub(super) fn unstack(&mut self, host: HostId, index: usize) {
        if let Some(data) = self.limits.data_mut(host)
            && let Some(at) = data.idle.iter().rposition(|other| *other == index)
        {
            data.idle.remove(at);
        }
    }

    /// Another handle on a connection of `host` that has room for one more request.
    pub(super) fn share(&mut self, host: HostId) -> Option<(u64, C)> {
        let shared = &mut self.limits.data_mut(host)?.shared;
        shared.iter_mut().filter(|shared| shared.connection.is_idle()).find_map(|shared| {
            let handle = shared.connection.share()?;
            shared.handles += 1;
            Some((shared.id, handle))
        })
    }

    /// Keeps `connection`, of which there is one handle.
    pub(super) fn keep_shared(&mut self, host: HostId, id: u64, connection: C) {
        if let Some(data) = self.limits.data_mut(host) {
            data.shared.push(Shared { id, connection, handles: 1 });
        }
    }

    /// A handle is gone.
    pub(super) fn unshare(&mut self, host: HostId, id: u64) {
        let shared = self.limits.data_mut(host).and_then(|data| data.shared.iter_mut().find(|shared| shared.id == id));
        if let Some(shared) = shared {
            shared.handles = shared.handles.saturating_sub(1);
        }
    }

    /// The connection `id`, if nobody has a handle on it any more. The slot is the caller's.
    pub(super) fn take_unused(&mut self, host: HostId, id: u64) -> Option<C> {
        let shared = &mut self.limits.data_mut(host)?.shared;
        let at = shared.iter().position(|shared| shared.id == id && shared.handles == 0)?;
        Some(shared.swap_remove(at).connection)
    }

    /// The first in line of `host`, and a handle for him.
    pub(super) fn serve(&mut self, host: HostId) -> Option<(Waiter<C>, Grant<C>)> {
        if self.limits.data(host)?.shared.is_empty() || !self.limits.has_waiter(host) {
            return None;
        }
        let (id, handle) = self.share(host)?;
        Some((self.limits.serve(host)?, Grant::Handle(id, handle)))
    }

    /// A connection to `host` is being opened. If it will be one that can be shared, nobody else gets a slot for another.
    pub(super) fn begin_opening(&mut self, host: HostId) {
        if let Some(data) = self.limits.data_mut(host) {
            data.opening += 1;
            let held = data.shares;
            self.limits.hold(host, held);
        }
    }

    /// It stands, or does not. `shares`: whether it can be shared, if that is known. Who could share it now.
    pub(super) fn end_opening(&mut self, host: HostId, shares: Option<bool>) -> Vec<Waker> {
        let Some(data) = self.limits.data_mut(host) else { return Vec::new() };
        data.opening = data.opening.saturating_sub(1);
        data.shares = shares.unwrap_or(data.shares);
        let held = data.shares && data.opening > 0;
        self.limits.hold(host, held);
        if shares == Some(true) { self.hopeful(host) } else { Vec::new() }
    }

    /// The next one in line for whom there is a slot.
    pub(super) fn grant(&mut self) -> Option<Waiter<C>> {
        let (host, waiter) = self.limits.grant()?;
        self.begin_opening(host);
        Some(waiter)
    }

    /// Has `waker` called when there is a shared connection of `host`, or the pool is closed.
    pub(super) fn hope(&mut self, host: HostId, place: Option<usize>, waker: &Waker) -> Option<Registered> {
        Some(register(&mut self.limits.data_mut(host)?.hopeful, place, waker))
    }

    pub(super) fn stop_hoping(&mut self, host: HostId, place: usize) -> Option<Waker> {
        self.limits.data_mut(host)?.hopeful.try_remove(place)
    }

    /// Who hopes, and is to be woken. Each of them still has its place.
    pub(super) fn hopeful(&self, host: HostId) -> Vec<Waker> {
        let all = |data: &Host<C>| data.hopeful.iter().map(|(_, waker)| waker.clone()).collect();
        self.limits.data(host).map(all).unwrap_or_default()
    }

    /// Has `waker` called when the pool is closed.
    pub(super) fn watch(&mut self, place: Option<usize>, waker: &Waker) -> Registered {
        register(&mut self.watchers, place, waker)
    }

    pub(super) fn unwatch(&mut self, place: usize) -> Option<Waker> {
        self.watchers.try_remove(place)
    }

    pub(super) fn cancel(&mut self, host: HostId, ticket: Ticket) {
        self.limits.cancel(host, ticket);
        self.forget_unused(host);
    }

    /// Closes. All idle connections, and everybody who is to hear of it.
    pub(super) fn close(&mut self) -> (Vec<C>, Vec<Waiter<C>>, Vec<Waker>) {
        self.closed = true;
        let hosts: Vec<HostId> = self.keys.values().copied().collect();
        let mut wakers: Vec<Waker> = self.watchers.iter().map(|(_, waker)| waker.clone()).collect();
        for host in hosts {
            wakers.extend(self.hopeful(host));
            if let Some(data) = self.limits.data_mut(host) {
                data.idle.clear();
            }
        }
        let (connections, waiters) = (self.idle.drain(), self.limits.dismiss());
        (connections, waiters, wakers)
    }
}

/// Where a waker is now, and who was there before: to be dropped when the pool is not borrowed.
pub(super) type Registered = (usize, Option<Waker>);

/// Puts `waker` at `place`, or at a new one.
fn register(wakers: &mut Slab<Waker>, place: Option<usize>, waker: &Waker) -> Registered {
    match place.filter(|place| wakers.contains(*place)) {
        Some(place) if wakers[place].will_wake(waker) => (place, None),
        Some(place) => (place, Some(mem::replace(&mut wakers[place], waker.clone()))),
        None => (wakers.insert(waker.clone()), None),
    }
}

/// Gives `grant` to `waiter`, who is in no line any more, and wakes him. The pool must not be borrowed.
pub(super) fn grant<C>(waiter: &Waiter<C>, grant: Grant<C>) {
    end_wait(waiter, Wait::Granted(grant));
}

/// Tells `waiter` that there will be nothing. The pool must not be borrowed.
pub(super) fn dismiss<C>(waiter: &Waiter<C>) {
    end_wait(waiter, Wait::Over);
}

fn end_wait<C>(waiter: &Waiter<C>, end: Wait<C>) {
    let before = mem::replace(&mut *waiter.borrow_mut(), end);
    if let Wait::Waiting(waker) = before {
        waker.wake();
    }
}
