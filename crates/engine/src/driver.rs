//! The loop's own half: what is ready, what is timed, what is watched, and the turn over all three.

use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use rondel_sys::{Backend, Events, Interest, Selector};

use crate::clock::{Clock, Nanos};
use crate::remote::Remote;
use crate::sources::{Source, SourceKey, Sources};
use crate::timers::{TimerKey, Timers};

/// The waker's token: the generations of sources end before it.
const WAKER: u64 = u64::MAX;

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
    ready: VecDeque<T>,
    timers: Timers<T>,
    sources: Sources<W>,
    /// Shared with a [`Wait`] under way.
    selector: Arc<Selector>,
    remote: Remote<T>,
    clock: Clock,
    /// Waits that found something, up to [`LOOKS_FOR_CLOSED`].
    finds: u32,
}

/// After so many waits that found something, what the last one found is looked at: is it still open under its number?
/// Rare enough to cost nothing, and often enough to end a loop that spins before anybody sees it.
const LOOKS_FOR_CLOSED: u32 = 256;

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

    /// Makes a name for `fd`. The system hears of it only once there is a reader or a writer.
    ///
    /// The driver never closes `fd`. Its owner calls [`remove_source`](Self::remove_source) before
    /// closing it.
    pub fn add_source(&mut self, fd: RawFd) -> SourceKey {
        self.sources.insert(fd)
    }

    /// What is queued each time the descriptor can be read; `None` stops that. Gives back what stood there.
    ///
    /// Errors: `NotFound` for a source that was removed; otherwise those of [`Selector::add`], and only where `reader`
    /// is given: nothing changed then.
    pub fn set_reader(&mut self, key: SourceKey, reader: Option<W>) -> io::Result<Option<W>> {
        let before = self.sources.get(key).ok_or_else(gone)?.interest();
        self.watch(key, Interest { read: reader.is_some(), ..before }, reader.is_some())?;
        let source = self.sources.get_mut(key).ok_or_else(gone)?;
        Ok(std::mem::replace(&mut source.reader, reader))
    }

    /// As [`set_reader`](Self::set_reader), for writing.
    pub fn set_writer(&mut self, key: SourceKey, writer: Option<W>) -> io::Result<Option<W>> {
        let before = self.sources.get(key).ok_or_else(gone)?.interest();
        self.watch(key, Interest { write: writer.is_some(), ..before }, writer.is_some())?;
        let source = self.sources.get_mut(key).ok_or_else(gone)?;
        Ok(std::mem::replace(&mut source.writer, writer))
    }

    /// What stands for interest in reading, and in writing.
    pub fn watchers(&self, key: SourceKey) -> (Option<&W>, Option<&W>) {
        self.sources.get(key).map_or((None, None), |source| (source.reader.as_ref(), source.writer.as_ref()))
    }

    /// Forgets a descriptor, and gives back what stood for reading and for writing. A key that was
    /// removed before gives nothing.
    pub fn remove_source(&mut self, key: SourceKey) -> (Option<W>, Option<W>) {
        self.unregister(key);
        self.sources.remove(key).map_or((None, None), |source| (source.reader, source.writer))
    }

    /// Tells the selector what somebody waits for now. `asked`: somebody asks to wait; otherwise somebody no longer
    /// does, which can't fail.
    fn watch(&mut self, key: SourceKey, wanted: Interest, asked: bool) -> io::Result<()> {
        let source = self.sources.get(key).ok_or_else(gone)?;
        if wanted.is_none() {
            self.unregister(key);
        } else if asked {
            self.register(key, source, wanted)?;
            self.sources.set_registered(key);
        } else if source.registered
            && wanted != source.interest()
            && self.selector.modify(source.fd, key.token(), wanted).is_err()
        {
            // Closed too early, and so not watched any more.
            self.sources.set_unregistered(key);
        }
        // A thread that waits with poll(2) waits with the old set.
        self.remote.wake_if_asleep();
        Ok(())
    }

    fn register(&self, key: SourceKey, source: &Source<W>, wanted: Interest) -> io::Result<()> {
        if source.registered {
            match self.selector.modify(source.fd, key.token(), wanted) {
                // Closed while it was watched, and the number serves another file now. It is asked for also where the
                // interest stays the same: that file would never be heard otherwise.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                changed => return changed,
            }
        }
        self.selector.add(source.fd, key.token(), wanted)
    }

    fn unregister(&mut self, key: SourceKey) {
        let Some(fd) = self.sources.get(key).map(|source| source.fd) else { return };
        if self.sources.set_unregistered(key) {
            // Fails if the descriptor was closed too early: the system has forgotten it then, or goes on reporting it,
            // which `collect` mends.
            let _ = self.selector.delete(fd);
        }
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
        self.sources.any_registered().then(|| self.wait(Some(Duration::ZERO)))
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

    fn collect_events(&mut self, events: &Events)
    where
        T: From<W>,
        W: Clone,
    {
        self.finds += 1;
        if self.finds == LOOKS_FOR_CLOSED {
            self.finds = 0;
            self.forget_closed(events);
        }
        let mut strays = false;
        for event in events.iter() {
            if event.token == WAKER {
                self.remote.waker().drain();
            } else if let Some(source) = self.sources.watched(SourceKey::from_token(event.token)) {
                if let Some(reader) = source.reader.as_ref().filter(|_| event.readable) {
                    self.ready.push_back(reader.clone().into());
                }
                if let Some(writer) = source.writer.as_ref().filter(|_| event.writable) {
                    self.ready.push_back(writer.clone().into());
                }
            } else {
                strays = true;
            }
        }
        if strays {
            self.rebuild();
        }
    }

    /// Forgets those of the sources found whose descriptor was closed while it was watched. Without a duplicate the
    /// system has done so by itself; with one it would report a file for good that its watcher can't reach any more.
    fn forget_closed(&mut self, events: &Events) {
        for event in events.iter() {
            let key = SourceKey::from_token(event.token);
            let Some(source) = self.sources.watched(key) else { continue };
            if self.selector.modify(source.fd, event.token, source.interest()).is_err() {
                // A stray from now on.
                self.sources.set_unregistered(key);
            }
        }
    }

    fn collect_timers(&mut self, first: Nanos) {
        if self.ready.is_empty() {
            // Only a virtual clock has anywhere to go: nothing else can happen before the timer.
            self.clock.advance_to(first);
        }
        let now = self.clock.now();
        while let Some(item) = self.timers.pop_due(now) {
            self.ready.push_back(item);
        }
    }

    /// Replaces the selector's set by a new one.
    ///
    /// A descriptor that was closed before its removal, while a duplicate of it lives, is reported at each wait, and
    /// cannot be deregistered: its number is gone, or somebody else's. Only a set that never heard of it is silent.
    ///
    /// No thread waits in the old set: waits are followed by `collect` on the thread that runs the turns, and this is
    /// `collect`.
    fn rebuild(&mut self) {
        // Out of descriptors: the next turn tries again.
        let Ok(selector) = new_selector(self.selector.backend(), &self.remote) else {
            return;
        };
        self.selector = Arc::new(selector);
        for key in self.sources.registered().collect::<Vec<_>>() {
            let Some(source) = self.sources.get(key) else { continue };
            if self.selector.add(source.fd, key.token(), source.interest()).is_err() {
                // Closed meanwhile: the old set had forgotten it, too.
                self.sources.set_unregistered(key);
            }
        }
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
        let watchers = self.sources.iter().flat_map(|(_, source)| source.reader.iter().chain(source.writer.iter()));
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
            watchers.extend(source.reader);
            watchers.extend(source.writer);
        }
        Drained { items, watchers }
    }
}

impl<T, W> Drop for Driver<T, W> {
    fn drop(&mut self) {
        drop(self.close());
    }
}

fn new_selector<T>(backend: Backend, remote: &Remote<T>) -> io::Result<Selector> {
    let selector = Selector::new(backend)?;
    selector.add(remote.waker().read_fd(), WAKER, Interest { read: true, write: false })?;
    Ok(selector)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "this source was removed")
}
