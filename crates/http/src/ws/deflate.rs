//! Compressing messages (RFC 7692, 7.2.1).

use std::io;

use flate2::{Compress, Compression, FlushCompress};

use super::{MAX_INPUT, TAIL};

/// The least room for the codec's output: a flush that has less may come twice.
const MIN_ROOM: usize = 64;

/// The compressor of one direction of a connection.
pub struct Deflate {
    codec: Compress,
    flush: FlushCompress,
}

impl Deflate {
    /// With a window of 2 to the power of `window_bits` bytes, 9 to 15; None for others. `takeover`: each message may refer
    /// to what was in those before it.
    pub fn new(window_bits: u8, takeover: bool) -> Option<Self> {
        // Fast, as latency counts here; a full flush forgets what was before it.
        let flush = if takeover { FlushCompress::Sync } else { FlushCompress::Full };
        (9..=15)
            .contains(&window_bits)
            .then(|| Self { codec: Compress::new_with_window_bits(Compression::fast(), false, window_bits), flush })
    }

    /// The payload of a frame for a message of these bytes.
    ///
    /// Errors: the codec's, of which none is known.
    pub fn message(&mut self, data: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(data.len() / 2 + MIN_ROOM);
        let mut rest = data;
        loop {
            if out.capacity() - out.len() < MIN_ROOM {
                out.reserve(out.len().max(MIN_ROOM));
            }
            let input = &rest[..rest.len().min(MAX_INPUT)];
            let flush = if input.len() == rest.len() { self.flush } else { FlushCompress::None };
            let before = self.codec.total_in();
            self.codec.compress_vec(input, &mut out, flush)?;
            let consumed = usize::try_from(self.codec.total_in() - before).unwrap_or(input.len());
            rest = &rest[consumed..];
            // Room that was left over shows that the flush is complete.
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if out.is_empty() {
            // An empty message behind an empty one, for which the codec does nothing (7.2.3.6).
            out.push(0);
        }
        Ok(out)
    }
}
