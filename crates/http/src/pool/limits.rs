//! Who may have a connection: how many there may be, and the line of those who wait. No I/O, no clock, no wakers.

use std::collections::BTreeMap;

use slab::Slab;

/// One host's place in [`Limits`].
pub(super) type HostId = usize;

/// A place in the line. Smaller came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Slots, of which each connection in use takes one, in all and for each host; and those who wait for one.
///
/// What always holds, once those were told whom [`grant`](Self::grant) names: there are never more slots taken than there
/// may be, and nobody waits who could have one. A slot that is given back goes to the first in line whose host has room:
/// it is never free for a newcomer to snatch. Hosts that are at their own limit do not hold up others, nor do those that
/// are [held](Self::hold).
///
/// `W` is how a waiter is told, `D` what else there is to know of a host.
#[derive(Debug)]
pub(super) struct Limits<W, D> {
    total: usize,
    per_host: usize,
    in_use: usize,
    waiting: usize,
    hosts: Slab<Host<W, D>>,
    /// The first in line of each host that has room and is not held.
    heads: BTreeMap<Ticket, HostId>,
    next: u64,
}

#[derive(Debug)]
struct Host<W, D> {
    in_use: usize,
    held: bool,
    waiting: BTreeMap<Ticket, W>,
    data: D,
}

impl<W, D> Limits<W, D> {
    /// At most `total` slots, and `per_host` for each host; 0 is no limit.
    pub(super) fn new(total: usize, per_host: usize) -> Self {
        let limit = |most: usize| if most == 0 { usize::MAX } else { most };
        Self {
            total: limit(total),
            per_host: limit(per_host),
            in_use: 0,
            waiting: 0,
            hosts: Slab::new(),
            heads: BTreeMap::new(),
            next: 0,
        }
    }

    /// Another host.
    pub(super) fn add(&mut self, data: D) -> HostId {
        self.hosts.insert(Host { in_use: 0, held: false, waiting: BTreeMap::new(), data })
    }

    /// Forgets a host, unless slots of it are in use or waited for.
    pub(super) fn remove_unused(&mut self, host: HostId) -> Option<D> {
        let unused = self.hosts.get(host).is_some_and(|host| host.in_use == 0 && host.waiting.is_empty());
        unused.then(|| self.hosts.remove(host).data)
    }

    pub(super) fn data(&self, host: HostId) -> Option<&D> {
        self.hosts.get(host).map(|host| &host.data)
    }

    pub(super) fn data_mut(&mut self, host: HostId) -> Option<&mut D> {
        self.hosts.get_mut(host).map(|host| &mut host.data)
    }

    /// Slots in use.
    pub(super) fn in_use(&self) -> usize {
        self.in_use
    }

    /// Those in line.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether somebody of this host is in line.
    pub(super) fn has_waiter(&self, host: HostId) -> bool {
        self.hosts.get(host).is_some_and(|host| !host.waiting.is_empty())
    }

    /// Takes a slot, if there is one for this host.
    pub(super) fn try_take(&mut self, host: HostId) -> bool {
        let room = self.in_use < self.total;
        match self.hosts.get_mut(host) {
            Some(host) if room && !host.held && host.in_use < self.per_host => {
                host.in_use += 1;
                self.in_use += 1;
                true
            }
            _ => false,
        }
    }

    /// Puts `waiter` in line, after [`try_take`](Self::try_take) has found no slot. None if there is no such host.
    pub(super) fn wait(&mut self, host: HostId, waiter: W) -> Option<Ticket> {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.change(host, |host| host.waiting.insert(ticket, waiter))?;
        self.waiting += 1;
        Some(ticket)
    }

    /// Takes a waiter out of the line.
    pub(super) fn cancel(&mut self, host: HostId, ticket: Ticket) -> Option<W> {
        let waiter = self.change(host, |host| host.waiting.remove(&ticket))??;
        self.waiting -= 1;
        Some(waiter)
    }

    /// Takes the first in line of `host` out, who is served without a slot.
    pub(super) fn serve(&mut self, host: HostId) -> Option<W> {
        let (_, waiter) = self.change(host, |host| host.waiting.pop_first())??;
        self.waiting -= 1;
        Some(waiter)
    }

    /// Gives a slot of `host` back.
    pub(super) fn release(&mut self, host: HostId) {
        let released = self.change(host, |host| {
            let taken = host.in_use > 0;
            host.in_use -= usize::from(taken);
            taken
        });
        self.in_use -= usize::from(released == Some(true));
    }

    /// A held host gets no more slots until it is let go: those who want to connect to it have something else to wait for.
    pub(super) fn hold(&mut self, host: HostId, held: bool) {
        self.change(host, |host| host.held = held);
    }

    /// Takes the first out of the line for whom there is a slot. It is his, with his host: he must be told.
    pub(super) fn grant(&mut self) -> Option<(HostId, W)> {
        if self.in_use >= self.total {
            return None;
        }
        let (_, next) = self.heads.first_key_value()?;
        let next = *next;
        let (_, waiter) = self.change(next, |host| {
            let first = host.waiting.pop_first();
            host.in_use += usize::from(first.is_some());
            first
        })??;
        self.in_use += 1;
        self.waiting -= 1;
        Some((next, waiter))
    }

    /// Everybody in line, in order. Nobody is afterwards.
    pub(super) fn dismiss(&mut self) -> Vec<W> {
        self.heads.clear();
        self.waiting = 0;
        let mut all = BTreeMap::new();
        for (_, host) in &mut self.hosts {
            all.append(&mut host.waiting);
        }
        all.into_values().collect()
    }

    /// Changes a host, and keeps `heads` right.
    fn change<T>(&mut self, id: HostId, change: impl FnOnce(&mut Host<W, D>) -> T) -> Option<T> {
        let per_host = self.per_host;
        let host = self.hosts.get_mut(id)?;
        let head = |host: &Host<W, D>| {
            let first = host.waiting.first_key_value().map(|(ticket, _)| *ticket);
            first.filter(|_| !host.held && host.in_use < per_host)
        };
        let before = head(host);
        let changed = change(host);
        let after = head(host);
        if before != after {
            if let Some(before) = before {
                self.heads.remove(&before);
            }
            if let Some(after) = after {
                self.heads.insert(after, id);
            }
        }
        Some(changed)
    }
}

#[cfg(test)]
mod tests;
