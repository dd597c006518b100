//! The descriptors that somebody waits for, named by keys that are never used twice.

use std::os::fd::RawFd;

use rondel_sys::Interest;

use crate::descriptors::ByDescriptor;

/// Names one watched descriptor of one driver, for good. The descriptor's number may serve another
/// file tomorrow; the key will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceKey {
    slot: u32,
    generation: u32,
}

impl SourceKey {
    pub(crate) fn token(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    #[allow(clippy::cast_possible_truncation)] // the two halves
    pub(crate) fn from_token(token: u64) -> Self {
        Self { slot: token as u32, generation: (token >> 32) as u32 }
    }
}

/// What stands for interest in one direction of a descriptor.
#[derive(Debug)]
pub struct Watcher<W> {
    pub item: W,
    /// Told once, and forgotten then.
    pub once: bool,
}

#[derive(Debug)]
pub struct Source<W> {
    pub fd: RawFd,
    pub reader: Option<Watcher<W>>,
    pub writer: Option<Watcher<W>>,
    /// Whether the selector knows the descriptor under this source's key. One that was told once may be known although
    /// nobody waits for it: the selector is silent about it.
    pub registered: bool,
}

impl<W> Source<W> {
    /// What somebody waits for.
    pub fn interest(&self) -> Interest {
        interest(self.reader.as_ref(), self.writer.as_ref())
    }

    /// Whether somebody waits to be told once.
    #[inline]
    pub fn told_once(&self) -> bool {
        let once = |watcher: &Option<Watcher<W>>| watcher.as_ref().is_some_and(|watcher| watcher.once);
        once(&self.reader) || once(&self.writer)
    }

    /// Whether the selector is to report it.
    fn is_awaited(&self) -> bool {
        self.registered && !self.interest().is_none()
    }
}

/// What the two wait for: one event, if that is enough for both.
pub fn interest<W>(reader: Option<&Watcher<W>>, writer: Option<&Watcher<W>>) -> Interest {
    let mut watchers = reader.iter().chain(&writer).peekable();
    Interest {
        read: reader.is_some(),
        write: writer.is_some(),
        once: watchers.peek().is_some() && watchers.all(|watcher| watcher.once),
    }
}

#[derive(Debug)]
struct Slot<W> {
    generation: u32,
    source: Option<Source<W>>,
}

#[derive(Debug)]
pub struct Sources<W> {
    slots: Vec<Slot<W>>,
    free: Vec<u32>,
    /// Under which key the selector knows a descriptor. A descriptor that its owner closed too early may have lent its
    /// number to another source: what the old one does then must not reach the new one.
    registered: ByDescriptor<SourceKey>,
    /// How many of those somebody waits for.
    awaited: usize,
}

impl<W> Sources<W> {
    pub fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), registered: ByDescriptor::default(), awaited: 0 }
    }

    #[allow(clippy::cast_possible_truncation)] // the system has far fewer descriptors
    pub fn insert(&mut self, fd: RawFd) -> SourceKey {
        let source = Some(Source { fd, reader: None, writer: None, registered: false });
        if let Some(slot) = self.free.pop() {
            let entry = &mut self.slots[slot as usize];
            entry.source = source;
            SourceKey { slot, generation: entry.generation }
        } else {
            self.slots.push(Slot { generation: 0, source });
            SourceKey { slot: self.slots.len() as u32 - 1, generation: 0 }
        }
    }

    pub fn get(&self, key: SourceKey) -> Option<&Source<W>> {
        let slot = self.slots.get(key.slot as usize)?;
        slot.source.as_ref().filter(|_| slot.generation == key.generation)
    }

    /// Changes a source, and counts anew whether somebody waits for it.
    #[inline]
    pub fn change<R>(&mut self, key: SourceKey, change: impl FnOnce(&mut Source<W>) -> R) -> Option<R> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        let source = slot.source.as_mut().filter(|_| slot.generation == key.generation)?;
        let before = source.is_awaited();
        let result = change(source);
        self.awaited = self.awaited + usize::from(source.is_awaited()) - usize::from(before);
        Some(result)
    }

    /// As [`get`](Self::get), but only if the selector knows the descriptor under this key.
    #[inline]
    pub fn watched(&self, key: SourceKey) -> Option<&Source<W>> {
        self.get(key).filter(|source| source.registered)
    }

    /// Takes out a source that the selector does not know any more.
    pub fn remove(&mut self, key: SourceKey) -> Option<Source<W>> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        let source = slot.source.take()?;
        self.awaited -= usize::from(source.is_awaited());
        // The last generation of the last slot is the waker's token; a slot that came that far is
        // retired, not reused.
        if slot.generation < u32::MAX - 1 {
            slot.generation += 1;
            self.free.push(key.slot);
        }
        Some(source)
    }

    /// Notes that the selector knows the descriptor under `key`, and no longer under another.
    pub fn set_registered(&mut self, key: SourceKey) {
        let known = self.change(key, |source| (std::mem::replace(&mut source.registered, true), source.fd));
        // Known already: then under this key.
        let Some((false, fd)) = known else { return };
        if let Some(before) = self.registered.insert(fd, key).filter(|&before| before != key) {
            self.change(before, |source| source.registered = false);
        }
    }

    /// Notes that the selector does not know the descriptor. Gives whether it did so far.
    pub fn set_unregistered(&mut self, key: SourceKey) -> bool {
        let known = self.change(key, |source| (std::mem::replace(&mut source.registered, false), source.fd));
        let Some((true, fd)) = known else { return false };
        self.registered.remove(&fd);
        true
    }

    /// Whether the selector may have something to report.
    #[inline]
    pub fn any_awaited(&self) -> bool {
        self.awaited > 0
    }

    /// Those that the selector knows.
    pub fn registered(&self) -> impl Iterator<Item = SourceKey> {
        self.registered.values().copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (SourceKey, &Source<W>)> {
        self.slots.iter().zip(0..).filter_map(|(slot, index)| {
            let key = SourceKey { slot: index, generation: slot.generation };
            slot.source.as_ref().map(|source| (key, source))
        })
    }

    pub fn drain(&mut self) -> Vec<Source<W>> {
        self.registered.clear();
        let keys: Vec<SourceKey> = self.iter().map(|(key, _)| key).collect();
        keys.into_iter().filter_map(|key| self.remove(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last token of the last slot is the waker's.
    #[test]
    fn a_slot_retires_before_its_tokens_end() {
        let mut sources = Sources::<()>::new();
        let first = sources.insert(0);
        sources.remove(first);
        sources.slots[0].generation = u32::MAX - 1;
        let last = sources.insert(0);
        assert_eq!(last, SourceKey { slot: 0, generation: u32::MAX - 1 });
        assert!(sources.remove(last).is_some());
        assert!(sources.remove(last).is_none());
        assert!(sources.get(last).is_none());
        let next = sources.insert(0);
        assert_eq!(next.slot, 1);
        assert!(sources.get(first).is_none() && sources.change(last, |_| ()).is_none());
        assert!(sources.get(next).is_some());
    }

    #[test]
    fn a_token_stands_for_its_key() {
        for (slot, generation) in [(0, 0), (7, 1), (u32::MAX, 3), (5, u32::MAX - 1)] {
            let key = SourceKey { slot, generation };
            assert_eq!(SourceKey::from_token(key.token()), key);
        }
    }

    #[test]
    fn slots_are_used_again() {
        let mut sources = Sources::<()>::new();
        for fd in 0..1000 {
            let keys = [sources.insert(fd), sources.insert(fd)];
            for key in keys {
                assert!(sources.remove(key).is_some());
            }
        }
        assert_eq!(sources.slots.len(), 2);
    }

    #[test]
    fn a_descriptor_is_known_under_one_key_at_a_time() {
        let mut sources = Sources::<()>::new();
        let (old, new) = (sources.insert(3), sources.insert(3));
        sources.set_registered(old);
        sources.set_registered(new);
        assert!(sources.watched(old).is_none() && sources.watched(new).is_some());
        assert!(!sources.set_unregistered(old), "the new one's entry stays");
        assert_eq!(sources.registered().collect::<Vec<_>>(), [new]);
        assert!(sources.set_unregistered(new));
        assert_eq!(sources.registered().count(), 0);
    }
}
