//! Deadlines in a four-ary heap that knows where each timer stands, so that a cancelled timer leaves
//! at once: most timers are timeouts, and are cancelled.

use crate::clock::Nanos;

/// Names one timer of one driver, for good: once it has fired or was cancelled, the key finds
/// nothing, also when its slot serves another timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    slot: u32,
    generation: u32,
}

impl TimerKey {
    /// The key as one number, for embedders that store it in a foreign object.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// The inverse of [`to_bits`](Self::to_bits).
    #[allow(clippy::cast_possible_truncation)] // the two halves
    pub fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// Children of a node: four of these entries fill one and a half cache lines, and the tree is half
/// as deep as a binary one.
const ARITY: usize = 4;
/// When more than one of so many timers is due, all are sorted at once instead of sifted one by one.
const BULK: usize = 4;
/// "No slot": the end of the list of free ones.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Nanos,
    /// Equal deadlines fire in the order of their making.
    order: u64,
    slot: u32,
}

impl Entry {
    /// As one number: compared without a branch.
    #[inline]
    fn rank(&self) -> u128 {
        u128::from(self.at) << 64 | u128::from(self.order)
    }

    #[inline]
    fn before(&self, other: &Self) -> bool {
        self.rank() < other.rank()
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    /// Where the timer stands in the heap; in a free slot, the next free one.
    place: u32,
    item: Option<T>,
}

#[derive(Debug)]
pub struct Timers<T> {
    heap: Vec<Entry>,
    slots: Vec<Slot<T>>,
    free: u32,
    made: u64,
}

impl<T> Timers<T> {
    pub fn new() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: NONE, made: 0 }
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// The earliest deadline.
    #[inline]
    pub fn next_deadline(&self) -> Option<Nanos> {
        self.heap.first().map(|entry| entry.at)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.item.as_ref())
    }

    /// How many were made so far.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Those of them that were made when `made` had been made before, in no order.
    pub fn since(&self, made: u64) -> impl Iterator<Item = &T> {
        let any = if made == self.made { &[] } else { self.heap.as_slice() };
        any.iter()
            .filter(move |entry| entry.order >= made)
            .filter_map(|entry| self.slots[entry.slot as usize].item.as_ref())
    }

    #[allow(clippy::cast_possible_truncation)] // four billion timers need more memory than there is
    pub fn insert(&mut self, at: Nanos, item: T) -> TimerKey {
        let place = self.heap.len() as u32;
        let slot = if self.free == NONE {
            self.slots.push(Slot { generation: 0, place, item: Some(item) });
            self.slots.len() as u32 - 1
        } else {
            let slot = self.free;
            let entry = &mut self.slots[slot as usize];
            self.free = entry.place;
            entry.place = place;
            entry.item = Some(item);
            slot
        };
        self.heap.push(Entry { at, order: self.made, slot });
        self.made += 1;
        self.sift_up(place as usize);
        TimerKey { slot, generation: self.slots[slot as usize].generation }
    }

    /// Takes out a timer that has not fired.
    pub fn remove(&mut self, key: TimerKey) -> Option<T> {
        let slot = self.slots.get(key.slot as usize)?;
        if slot.generation != key.generation || slot.item.is_none() {
            return None;
        }
        self.take_at(slot.place as usize)
    }

    /// Takes out all timers whose deadline is `now` or before, the earliest first.
    pub fn take_due(&mut self, now: Nanos, mut each: impl FnMut(T)) {
        if self.heap.first().is_none_or(|first| first.at > now) {
            return;
        }
        let due = self.count_due(0, now);
        if due * BULK <= self.heap.len() || due == 1 {
            for _ in 0..due {
                self.take_at(0).into_iter().for_each(&mut each);
            }
            return;
        }
        // What is sorted is a heap, and stays one without its front.
        self.heap.sort_unstable_by_key(Entry::rank);
        for place in 0..due {
            self.vacate(self.heap[place].slot).into_iter().for_each(&mut each);
        }
        self.heap.drain(..due);
        for place in 0..self.heap.len() {
            self.put(place, self.heap[place]);
        }
    }

    /// How many timers are due at a place of the heap, which is one of them, and below. None is below one that is not.
    fn count_due(&self, place: usize, now: Nanos) -> usize {
        let mut count = 1;
        for child in self.children(place) {
            if self.heap[child].at <= now {
                count += self.count_due(child, now);
            }
        }
        count
    }

    #[inline]
    fn children(&self, place: usize) -> std::ops::Range<usize> {
        let first = place * ARITY + 1;
        first..(first + ARITY).min(self.heap.len())
    }

    /// Takes out everything, in no order.
    pub fn drain(&mut self) -> Vec<T> {
        let mut items = Vec::with_capacity(self.heap.len());
        while let Some(last) = self.heap.len().checked_sub(1) {
            items.extend(self.take_at(last));
        }
        items
    }

    fn take_at(&mut self, place: usize) -> Option<T> {
        let entry = self.heap.swap_remove(place);
        if place < self.heap.len() && self.sift_up(place) == place {
            self.sift_down(place);
        }
        self.vacate(entry.slot)
    }

    /// Takes the item out of a slot, whose timer stands in the heap no more.
    fn vacate(&mut self, number: u32) -> Option<T> {
        let slot = &mut self.slots[number as usize];
        // At the end of its generations a slot is retired, not reused.
        if slot.generation < u32::MAX {
            slot.generation += 1;
            slot.place = self.free;
            self.free = number;
        }
        slot.item.take()
    }

    #[inline]
    fn sift_up(&mut self, mut place: usize) -> usize {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }

    fn sift_down(&mut self, mut place: usize) {
        let entry = self.heap[place];
        loop {
            let (mut least, mut rank) = (place, entry.rank());
            for child in self.children(place) {
                let other = self.heap[child].rank();
                (least, rank) = if other < rank { (child, other) } else { (least, rank) };
            }
            if least == place {
                break;
            }
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, entry);
    }

    /// Has the timer of `entry` stand at a place of the heap.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // as in `insert`
    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.slots[entry.slot as usize].place = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slot that has served so often that its key could not be told from an older one is used no more.
    #[test]
    fn a_slot_retires_at_the_end_of_its_generations() {
        let mut timers = Timers::new();
        let first = timers.insert(1, 'a');
        timers.remove(first);
        timers.slots[0].generation = u32::MAX;
        let last = timers.insert(1, 'b');
        assert_eq!(last, TimerKey { slot: 0, generation: u32::MAX });
        timers.take_due(1, |item| assert_eq!(item, 'b'));
        assert_eq!(timers.len(), 0);
        let next = timers.insert(1, 'c');
        assert_eq!(next.slot, 1);
        assert_eq!(timers.remove(last), None);
        assert_eq!(timers.remove(first), None);
        assert_eq!(timers.remove(next), Some('c'));
    }

    #[test]
    fn slots_are_used_again() {
        let mut timers = Timers::new();
        for round in 0..1000 {
            let keys = [3, 1, 2].map(|at| timers.insert(at, round));
            for key in keys {
                assert_eq!(timers.remove(key), Some(round));
            }
        }
        assert_eq!(timers.slots.len(), 3);
    }
}
