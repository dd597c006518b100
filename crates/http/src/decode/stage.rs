//! One coding of a body, with what it has still to decode.

use bytes::{Buf as _, Bytes};

use super::Coding;
use super::brotli::Brotli;
use super::deflate::Deflate;
use super::zstd::Zstd;
use crate::error::{Error, Kind};

/// The largest piece that is decoded at once.
pub(super) const MAX_PIECE: usize = 64 << 10;
/// What decoding begins with: most bodies are small.
const MIN_PIECE: usize = 4 << 10;
/// The most input for one step: some codecs count it in 32 bits.
const MAX_INPUT: usize = 1 << 20;

/// What one step of a codec did.
pub(super) struct Step {
    /// Bytes taken of the input.
    pub(super) consumed: usize,
    /// Bytes put into the output.
    pub(super) written: usize,
}

/// One coding being undone.
pub(super) struct Stage {
    coding: Coding,
    codec: Codec,
    /// Encoded, and not looked at.
    pub(super) input: Bytes,
    /// The last step filled its output: there may be more without more input.
    filled: bool,
    /// Where the next step's output goes.
    output: Vec<u8>,
    /// Bytes taken in so far.
    pub(super) consumed: u64,
    /// Bytes given out so far.
    pub(super) produced: u64,
}

enum Codec {
    /// Before the first byte.
    Unstarted,
    Deflate(Deflate),
    Brotli(Brotli),
    Zstd(Zstd),
}

impl Stage {
    pub(super) fn new(coding: Coding) -> Self {
        let (input, output) = (Bytes::new(), Vec::new());
        Self { coding, codec: Codec::Unstarted, input, filled: false, output, consumed: 0, produced: 0 }
    }

    /// The next decoded bytes; none if there is no input left.
    pub(super) fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        while self.filled || !self.input.is_empty() {
            if self.output.is_empty() {
                // Twice what comes in is a fair guess for the first piece; later ones are filled more often than not.
                let guess = if self.filled { MAX_PIECE } else { self.input.len().saturating_mul(2) };
                self.output = vec![0; guess.clamp(MIN_PIECE, MAX_PIECE)];
            }
            let input = &self.input[..self.input.len().min(MAX_INPUT)];
            let offered = input.len();
            let step = match self.codec.step(self.coding, input, &mut self.output) {
                Ok(step) => step,
                Err(why) => return Err(self.undecodable(&why)),
            };
            self.input.advance(step.consumed);
            self.consumed += step.consumed as u64;
            self.filled = step.written == self.output.len();
            if step.written > 0 {
                self.produced += step.written as u64;
                return Ok(Some(self.take(step.written)));
            }
            if offered > 0 && step.consumed == 0 {
                return Err(self.undecodable("no progress"));
            }
        }
        Ok(None)
    }

    /// Errors: the input has ended before the coding did.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let whole = match &self.codec {
            Codec::Unstarted => true,
            Codec::Deflate(codec) => codec.is_whole(),
            Codec::Brotli(codec) => codec.is_whole(),
            Codec::Zstd(codec) => codec.is_whole(),
        };
        if whole && self.input.is_empty() && !self.filled { Ok(()) } else { Err(self.undecodable("it ends too early")) }
    }

    /// The first `count` bytes of the output. A piece that leaves much of the memory empty is copied, so that whoever
    /// collects pieces holds about what they have.
    fn take(&mut self, count: usize) -> Bytes {
        if count < self.output.len() / 2 {
            return Bytes::copy_from_slice(&self.output[..count]);
        }
        let mut piece = std::mem::take(&mut self.output);
        piece.truncate(count);
        piece.into()
    }

    fn undecodable(&self, why: &str) -> Error {
        Error::new(Kind::Payload(format!("Can not decode content-encoding: {} ({why})", self.coding.name())))
    }
}

impl Codec {
    /// Decodes as much of `input` as there is room in `output`.
    ///
    /// Errors: why it can't be decoded.
    fn step(&mut self, coding: Coding, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        if let Self::Unstarted = self {
            *self = match coding {
                Coding::Gzip => Self::Deflate(Deflate::gzip()),
                Coding::Deflate => Self::Deflate(Deflate::of_first(input.first().copied())),
                Coding::Brotli => Self::Brotli(Brotli::new()),
                Coding::Zstd => Self::Zstd(Zstd::new()?),
            };
        }
        match self {
            // Replaced above.
            Self::Unstarted => Ok(Step { consumed: 0, written: 0 }),
            Self::Deflate(codec) => codec.step(input, output),
            Self::Brotli(codec) => codec.step(input, output),
            Self::Zstd(codec) => codec.step(input, output),
        }
    }
}
