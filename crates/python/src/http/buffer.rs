//! Bytes of a body that have come and are not read.

use std::collections::VecDeque;
use std::mem;

use bytes::{Buf, Bytes, BytesMut};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::raw::{Growing, Owned, new_bytes};

/// Pieces of fewer bytes are copied together: each may be a small part of the memory that it keeps, and a server can send
/// any number of them.
const SMALL: usize = 8 * 1024;
/// So many bytes of them make a piece like others.
const WHOLE: usize = 64 * 1024;

/// Pieces, in their order.
#[derive(Debug, Default)]
pub struct Buffer {
    /// None is empty.
    pieces: VecDeque<Bytes>,
    /// What follows them: small pieces.
    tail: BytesMut,
    size: usize,
}

impl Buffer {
    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.size
    }

    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Puts a piece behind all others.
    pub fn push(&mut self, piece: Bytes) {
        let first = self.is_empty();
        self.size += piece.len();
        if !first && piece.len() < SMALL {
            self.tail.extend_from_slice(&piece);
            if self.tail.len() >= WHOLE {
                self.seal();
            }
        } else if !piece.is_empty() {
            self.seal();
            self.pieces.push_back(piece);
        }
    }

    /// Makes a piece of the tail.
    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(mem::take(&mut self.tail).freeze());
        }
    }

    /// Puts a piece before all others.
    pub fn push_front(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.size += piece.len();
            self.pieces.push_front(piece);
        }
    }

    /// Takes the first piece; none of an empty buffer.
    pub fn pop(&mut self) -> Option<Bytes> {
        if self.pieces.is_empty() {
            self.seal();
        }
        let piece = self.pieces.pop_front()?;
        self.size -= piece.len();
        Some(piece)
    }

    /// Takes the first `count` bytes, or all if there are fewer.
    pub fn split(&mut self, count: usize) -> Self {
        if count >= self.size {
            return mem::take(self);
        }
        self.seal();
        let mut taken = Self::default();
        while taken.size < count {
            let wanted = count - taken.size;
            let Some(first) = self.pieces.front_mut() else { break };
            if first.len() > wanted {
                taken.push(first.split_to(wanted));
                self.size -= wanted;
            } else if let Some(piece) = self.pop() {
                taken.push(piece);
            }
        }
        taken
    }

    /// Where `separator` ends first, in bytes from the start, if it does so behind the first `from` bytes; as many were
    /// looked at before.
    pub fn find(&self, separator: &[u8], from: usize) -> Option<usize> {
        let from = from.saturating_sub(separator.len().saturating_sub(1));
        let (last, rest) = separator.split_last()?;
        let mut start = 0;
        for (number, piece) in self.slices().enumerate() {
            let skip = from.saturating_sub(start).min(piece.len());
            for (place, _) in piece.iter().enumerate().skip(skip).filter(|(_, byte)| *byte == last) {
                if start + place >= rest.len() && self.ends_with(rest, number, place) {
                    return Some(start + place + 1);
                }
            }
            start += piece.len();
        }
        None
    }

    /// Whether the bytes before `place` in the piece of that number end in `tail`, of which there are enough.
    fn ends_with(&self, tail: &[u8], number: usize, place: usize) -> bool {
        let before = self.pieces.iter().take(number).rev().flat_map(|piece| piece.iter().rev());
        let here = self.slices().nth(number).into_iter().flat_map(|piece| piece[..place].iter().rev());
        tail.iter().rev().eq(here.chain(before).take(tail.len()))
    }

    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| &piece[..]).chain([&self.tail[..]])
    }

    /// All of it as one bytes object.
    pub fn into_object(mut self, py: Python<'_>) -> PyResult<Owned> {
        self.seal();
        if self.pieces.len() <= 1 {
            let piece = self.pop().unwrap_or_default();
            return Ok(PyBytes::new(py, &piece).into_any().into());
        }
        let size = self.size;
        let made = new_bytes(py, size, |memory| {
            let mut filled = 0;
            for piece in &mut self.pieces {
                let end = filled + piece.remaining();
                memory[filled..end].write_copy_of_slice(piece.chunk());
                filled = end;
            }
            filled
        })?;
        Ok(made.unwrap_or_else(|| PyBytes::new(py, b"").into_any().into()))
    }
}

impl Buffer {
    /// All of it, at the start of a bytes object with room for `rest` bytes more, or `most` of them.
    pub fn into_growing(mut self, py: Python<'_>, rest: usize, most: usize) -> PyResult<Growing> {
        self.seal();
        let mut made = Growing::new(py, self.size.saturating_add(rest.min(most)))?;
        for piece in &self.pieces {
            made.push(py, piece);
        }
        Ok(made)
    }
}

impl From<Bytes> for Buffer {
    fn from(piece: Bytes) -> Self {
        let mut made = Self::default();
        made.push(piece);
        made
    }
}
