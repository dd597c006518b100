//! The loop's own half: what is ready, what is timed, what is watched, and the turn over all three.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rondel_sys::{Backend, Events, Selector};

use crate::clock::{Clock, Nanos};
use crate::remote::Remote;
use crate::sources::Sources;
use crate::timers::{TimerKey, Timers};
use crate::watching::{item, new_selector};

/// Finds what is ready and hands it out as items of the embedder's type `T`.
///
/// `W` is what stands for interest in a descriptor: each time the descriptor is ready, a clone of it
/// is queued, as a `T`.
///
/// A turn, in the order of `BaseEventLoop._run_once` in `CPython`:
/// 1. [`prepare`](Self::prepare) says whether and how long to wait;
/// 2. [`Wait::block`] waits; it borrows nothing of the driver, which may be used meanwhile (by code
///    that runs while a GIL is released, say);
/// 3. [`collect`](Self::collect) queues, behind what was ready before: what remotes pushed, then one
///    item a ready direction of a descriptor, then timers that are due; and gives their number;
/// 4. the embedder takes exactly that many with [`take`](Self::take) and runs them. What they push
///    belongs to the next turn.
#[derive(Debug)]
pub struct Driver<T, W> {
    pub(crate) ready: VecDeque<T>,
    timers: Timers<T>,
    pub(crate) sources: Sources<W>,
    /// Shared with a [`Wait`] under way.
    pub(crate) selector: Arc<Selector>,
    pub(crate) remote: Remote<T>,
    clock: Clock,
    /// Waits that found something, since closed descriptors were last looked for.
    pub(crate) finds: u32,
}

/// One wait for descriptors, apart from the driver so that nothing is borrowed while it blocks.
#[derive(Debug)]
pub struct Wait {
    selector: Arc<Selector>,
    timeout: Option<Duration>,
}

impl Wait {
    /// Whether [`block`](Self::block) may sleep. If not, it is a look and costs well under a
    /// microsecond.
    pub fn may_sleep(&self) -> bool {
        self.timeout != Some(Duration::ZERO)
    }

    /// Waits until a descriptor is ready, the next timer is due, a remote or a signal wakes it.
    ///
    /// Errors: in a forked child, whose parent owns the loop; otherwise none that a program can
    /// cause.
    pub fn block(&self, events: &mut Events) -> io::Result<()> {
        self.selector.wait(events, self.timeout)
    }
}

/// What a closed driver still held, for the embedder to drop where dropping is allowed.
#[derive(Debug)]
pub struct Drained<T, W> {
    /// Was ready, timed, or pushed by a remote.
    pub items: Vec<T>,
    /// Stood for interest in descriptors.
    pub watchers: Vec<W>,
}

impl<T, W> Driver<T, W> {
    /// A driver with its selector and its waker.
    ///
    /// Errors: out of descriptors (it takes three), or a backend that this platform lacks.
    pub fn new(clock: Clock, backend: Backend) -> io::Result<Self> {
        let remote = Remote::new()?;
        let selector = Arc::new(new_selector(backend, &remote)?);
        let (timers, sources) = (Timers::new(), Sources::new());
        Ok(Self { ready: VecDeque::new(), timers, sources, selector, remote, clock, finds: 0 })
    }

    /// The half for other threads.
    pub fn remote(&self) -> &Remote<T> {
        &self.remote
    }

    /// The time on this driver's clock.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.clock.now()
    }

    /// Which system interface waits.
    pub fn backend(&self) -> Backend {
        self.selector.backend()
    }

    /// Whether this process is a forked child of the one that made the driver: its waits fail there.
    pub fn is_foreign(&self) -> bool {
        self.selector.is_foreign()
    }

    /// Queues `item` for the next turn.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.ready.push_back(item);
    }

    /// Queues `item` for the first turn at or after `at`; never before it.
    #[inline]
    pub fn schedule(&mut self, at: Nanos, item: T) -> TimerKey {
        self.timers.insert(at, item)
    }

    /// Takes a timer out that has not fired yet. It leaves no trace.
    #[inline]
    pub fn cancel(&mut self, key: TimerKey) -> Option<T> {
        self.timers.remove(key)
    }

    /// Whether a turn that began now would have nothing to run but what descriptors bring: nothing is ready, nobody has
    /// pushed or woken, and no timer is due. Who knows of a descriptor that is likely to be ready may then do without the
    /// wait, a few times in a row: all others wait that long. False in a forked child, whose waits fail.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty()
            && !self.remote.has_rung()
            && self.timers.next_deadline().is_none_or(|at| at > self.clock.now())
            && !self.is_foreign()
    }

    /// Begins a turn: how to wait, or `None` if there is no need even to look (items are ready and
    /// nothing is watched).
    #[inline]
    pub fn prepare(&mut self) -> Option<Wait> {
        if self.ready.is_empty() {
            let timeout = match self.timers.next_deadline() {
                None => None,
                Some(_) if self.clock.is_virtual() => Some(Duration::ZERO),
                Some(at) => Some(Duration::from_nanos(at.saturating_sub(self.clock.now()))),
            };
            if timeout == Some(Duration::ZERO) || self.remote.try_sleep() {
                return Some(self.wait(timeout));
            }
        }
        // Nothing but the waker is watched, and what a waker brings is looked for without it.
        self.sources.any_awaited().then(|| self.wait(Some(Duration::ZERO)))
    }

    fn wait(&self, timeout: Option<Duration>) -> Wait {
        Wait { selector: Arc::clone(&self.selector), timeout }
    }

    /// Ends the wait, if `events` tells of one, queues all that is ready, and gives the number of
    /// items that belong to this turn.
    pub fn collect(&mut self, events: Option<&Events>) -> usize
    where
        T: From<W>,
        W: Clone,
    {
        self.remote.collect(&mut self.ready);
        if let Some(events) = events {
            self.collect_events(events);
        }
        if let Some(first) = self.timers.next_deadline() {
            self.collect_timers(first);
        }
        self.ready.len()
    }

    fn collect_timers(&mut self, first: Nanos) {
        if self.ready.is_empty() {
            // Only a virtual clock has anywhere to go: nothing else can happen before the timer.
            self.clock.advance_to(first);
        }
        let now = self.clock.now();
        self.timers.take_due(now, |item| self.ready.push_back(item));
    }

    /// Takes out the oldest ready item.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    /// All items and all watchers, for embedders that must show what they hold (a garbage
    /// collector's traversal).
    pub fn held(&self) -> (impl Iterator<Item = &T>, impl Iterator<Item = &W>) {
        let items = self.ready.iter().chain(self.timers.iter());
        let watchers = self
            .sources
            .iter()
            .flat_map(|(_, source)| item(source.reader.as_ref()).into_iter().chain(item(source.writer.as_ref())));
        (items, watchers)
    }

    /// How many items are ready.
    pub fn ready_len(&self) -> usize {
        self.ready.len()
    }

    /// The ready items, oldest first.
    pub fn ready(&self) -> impl Iterator<Item = &T> {
        self.ready.iter()
    }

    /// How many timers were made so far, for [`timers_since`](Self::timers_since).
    pub fn timers_made(&self) -> u64 {
        self.timers.made()
    }

    /// What waits for the timers that were made when so many had been made before, in no order.
    pub fn timers_since(&self, made: u64) -> impl Iterator<Item = &T> {
        self.timers.since(made)
    }

    /// How many timers wait.
    pub fn timers_len(&self) -> usize {
        self.timers.len()
    }

    /// Takes everything out; remotes are refused from now on. The driver can still be used: what it
    /// is given afterwards is only never run.
    pub fn close(&mut self) -> Drained<T, W> {
        self.remote.close();
        let mut items: Vec<T> = self.ready.drain(..).collect();
        // A thread of the parent may have been pushing when this process forked. It doesn't exist here, and its push
        // would never end: what remotes brought is left where it is.
        if !self.is_foreign() {
            items.extend(self.remote.drain());
        }
        items.extend(self.timers.drain());
        let mut watchers = Vec::new();
        for source in self.sources.drain() {
            if source.registered {
                let _ = self.selector.delete(source.fd); // as in `unregister`
            }
            watchers.extend(source.reader.into_iter().chain(source.writer).map(|watcher| watcher.item));
        }
        Drained { items, watchers }
    }
}

impl<T, W> Drop for Driver<T, W> {
    fn drop(&mut self) {
        drop(self.close());
    }
}
