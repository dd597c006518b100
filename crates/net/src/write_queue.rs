//! What the kernel would not take at once.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

/// Buffers that wait to be sent, in order. `B` is whatever keeps the bytes alive.
#[derive(Debug)]
pub struct WriteQueue<B> {
    buffers: VecDeque<B>,
    /// How much of the first buffer is sent.
    sent: usize,
    size: usize,
}

/// How far a flush came.
#[derive(Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing is left.
    All,
    /// Something is left: the kernel's buffer is full again, or there were more buffers than one call takes.
    Some,
}

/// As many buffers as one flush hands to the kernel. More would pay only for buffers so small that
/// the copy into the kernel is cheap anyway.
const BATCH: usize = 64;

impl<B> Default for WriteQueue<B> {
    fn default() -> Self {
        Self { buffers: VecDeque::new(), sent: 0, size: 0 }
    }
}

impl<B: AsRef<[u8]>> WriteQueue<B> {
    /// Bytes that wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.size
    }

    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.buffers.is_empty()
    }

    /// Appends a buffer of which the first `sent` bytes are sent already; that may be more than
    /// none only while the queue is empty.
    pub fn push(&mut self, buffer: B, sent: usize) {
        debug_assert!(sent == 0 || self.is_empty(), "only the first buffer can be sent in part");
        let left = buffer.as_ref().len() - sent;
        if left > 0 {
            if self.is_empty() {
                self.sent = sent;
            }
            self.size += left;
            self.buffers.push_back(buffer);
        }
    }

    /// Sends with one call of `send`, which takes buffers, gives the number of bytes that it took,
    /// and says `WouldBlock` when it can take none. Buffers that are sent go into `done`, for the
    /// caller to drop when it likes.
    ///
    /// Errors: those of `send`, but for `WouldBlock`.
    pub fn flush(
        &mut self,
        done: &mut Vec<B>,
        send: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<Flushed> {
        let mut slices = [IoSlice::new(&[]); BATCH];
        let mut count = 0;
        for (slice, buffer) in slices.iter_mut().zip(&self.buffers) {
            let start = if count == 0 { self.sent } else { 0 };
            *slice = IoSlice::new(&buffer.as_ref()[start..]);
            count += 1;
        }
        if count == 0 {
            return Ok(Flushed::All);
        }
        match send(&slices[..count]) {
            Ok(taken) => self.advance(taken, done),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(if self.is_empty() { Flushed::All } else { Flushed::Some })
    }

    fn advance(&mut self, taken: usize, done: &mut Vec<B>) {
        self.size -= taken;
        let mut taken = taken + self.sent;
        while let Some(first) = self.buffers.front() {
            let len = first.as_ref().len();
            if taken < len {
                break;
            }
            taken -= len;
            done.extend(self.buffers.pop_front());
        }
        self.sent = taken;
    }

    /// The buffers that wait.
    pub fn iter(&self) -> impl Iterator<Item = &B> {
        self.buffers.iter()
    }

    /// Empties the queue, for the caller to drop what was in it.
    pub fn take(&mut self) -> VecDeque<B> {
        (self.sent, self.size) = (0, 0);
        std::mem::take(&mut self.buffers)
    }
}
