//! Datagrams that the kernel would not take at once.

use std::collections::VecDeque;

/// Datagrams that wait to be sent, in order, each with what it is sent to. `B` is whatever keeps the bytes alive.
#[derive(Debug)]
pub struct DatagramQueue<B, A> {
    datagrams: VecDeque<(B, A)>,
    /// What a datagram counts beside its bytes.
    header: usize,
    size: usize,
}

impl<B: AsRef<[u8]>, A> DatagramQueue<B, A> {
    /// An empty queue, in which each datagram counts for `header` bytes more than it has, so that many small ones count
    /// as the memory that they take.
    pub fn new(header: usize) -> Self {
        Self { datagrams: VecDeque::new(), header, size: 0 }
    }

    /// Bytes that wait, headers included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether nothing waits. A datagram may be empty, so this is not the same as a size of nothing.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Appends a datagram.
    pub fn push(&mut self, data: B, to: A) {
        self.size += self.count(&data);
        self.datagrams.push_back((data, to));
    }

    /// Takes the oldest out, to be sent.
    pub fn pop(&mut self) -> Option<(B, A)> {
        let (data, to) = self.datagrams.pop_front()?;
        self.size -= self.count(&data);
        Some((data, to))
    }

    /// Puts back what [`pop`](Self::pop) gave and the kernel would not take.
    pub fn put_back(&mut self, data: B, to: A) {
        self.size += self.count(&data);
        self.datagrams.push_front((data, to));
    }

    /// What waits.
    pub fn iter(&self) -> impl Iterator<Item = &(B, A)> {
        self.datagrams.iter()
    }

    /// Empties the queue, for the caller to drop what was in it.
    pub fn take(&mut self) -> VecDeque<(B, A)> {
        self.size = 0;
        std::mem::take(&mut self.datagrams)
    }

    fn count(&self, data: &B) -> usize {
        data.as_ref().len() + self.header
    }
}
