//! The descriptors that somebody waits for, named by keys that are never used twice.

use std::os::fd::RawFd;

use rondel_sys::Interest;

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

#[derive(Debug)]
pub struct Source<W> {
    pub fd: RawFd,
    pub reader: Option<W>,
    pub writer: Option<W>,
    /// Whether the selector knows the descriptor.
    pub registered: bool,
}

impl<W> Source<W> {
    pub fn interest(&self) -> Interest {
        Interest { read: self.reader.is_some(), write: self.writer.is_some() }
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
    /// How many of them the selector knows.
    pub registered: usize,
}

impl<W> Sources<W> {
    pub fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), registered: 0 }
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

    pub fn get_mut(&mut self, key: SourceKey) -> Option<&mut Source<W>> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        slot.source.as_mut().filter(|_| slot.generation == key.generation)
    }

    pub fn remove(&mut self, key: SourceKey) -> Option<Source<W>> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        let source = slot.source.take()?;
        // The last generation of the last slot is the waker's token; a slot that came that far is
        // retired, not reused.
        if slot.generation < u32::MAX - 1 {
            slot.generation += 1;
            self.free.push(key.slot);
        }
        Some(source)
    }

    pub fn iter(&self) -> impl Iterator<Item = (SourceKey, &Source<W>)> {
        self.slots.iter().zip(0..).filter_map(|(slot, index)| {
            let key = SourceKey { slot: index, generation: slot.generation };
            slot.source.as_ref().map(|source| (key, source))
        })
    }

    pub fn drain(&mut self) -> Vec<Source<W>> {
        let keys: Vec<SourceKey> = self.iter().map(|(key, _)| key).collect();
        keys.into_iter().filter_map(|key| self.remove(key)).collect()
    }
}
