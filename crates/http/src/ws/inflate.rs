//! Inflating messages (RFC 7692, 7.2.2).

use flate2::{Decompress, FlushDecompress, Status};

use super::violation::Violation;
use super::{MAX_INPUT, TAIL};

/// What the output grows by at first.
const MIN_ROOM: usize = 4 << 10;
/// How many deflate streams one message may be made of. Most are a part of one that never ends.
const MAX_MEMBERS: usize = 1024;

/// The decompressor of one direction of a connection. It serves peers with and without context takeover.
pub(super) struct Inflate {
    codec: Decompress,
}

/// One message being inflated.
struct Output {
    data: Vec<u8>,
    /// How many bytes it may have; 0: any number.
    max: usize,
    members: usize,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self { codec: Decompress::new(false) }
    }

    /// The message that a payload stands for, of `max` bytes at most (0: any number).
    ///
    /// Errors: it is larger, or no deflate stream.
    pub(super) fn message(&mut self, payload: &[u8], max: usize) -> Result<Vec<u8>, Violation> {
        let mut output = Output { data: Vec::new(), max, members: 1 };
        self.inflate(payload, &mut output)?;
        self.inflate(&TAIL, &mut output)?;
        Ok(output.data)
    }

    fn inflate(&mut self, mut rest: &[u8], output: &mut Output) -> Result<(), Violation> {
        loop {
            output.make_room();
            let input = &rest[..rest.len().min(MAX_INPUT)];
            let (taken, given) = (self.codec.total_in(), output.data.len());
            let status = self.codec.decompress_vec(input, &mut output.data, FlushDecompress::Sync);
            let status = status.map_err(|error| corrupt(error.message().unwrap_or("invalid data")))?;
            let consumed = usize::try_from(self.codec.total_in() - taken).unwrap_or(input.len());
            rest = &rest[consumed..];
            output.check()?;
            if status == Status::StreamEnd {
                // A last block, which a sender may use (7.2.3.4): what follows is a stream of its own.
                self.codec.reset(false);
                output.members += 1;
                if output.members > MAX_MEMBERS {
                    return Err(Violation::members());
                }
            }
            let full = output.data.len() == output.data.capacity();
            if rest.is_empty() && (!full || status == Status::StreamEnd) {
                return Ok(());
            }
            if status != Status::StreamEnd && consumed == 0 && output.data.len() == given && !full {
                return Err(corrupt("no progress"));
            }
        }
    }
}

impl Output {
    /// Makes room for a byte at least: for as much as there is already, but for one byte above the maximum only.
    fn make_room(&mut self) {
        let len = self.data.len();
        if len < self.data.capacity() {
            return;
        }
        let mut more = len.max(MIN_ROOM);
        if self.max > 0 {
            more = more.min(self.max.saturating_add(1).saturating_sub(len)).max(1);
        }
        self.data.reserve_exact(more);
    }

    fn check(&self) -> Result<(), Violation> {
        if self.max > 0 && self.data.len() > self.max { Err(Violation::inflated_size(self.max)) } else { Ok(()) }
    }
}

fn corrupt(why: &str) -> Violation {
    Violation::Corrupt(why.to_owned())
}
