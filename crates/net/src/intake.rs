//! How much a connection is likely to bring at once.

/// Whether a connection brings more at a time than a small buffer holds.
///
/// It begins small. Once it fills the small buffer, more waits in the kernel, and more is likely to come: it is a bulk
/// sender from then on, until a receive brings so little that the small buffer would have served better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    bulk: bool,
}

impl Intake {
    /// Bytes in the small buffer, which all connections of a loop share.
    pub const SMALL: usize = 64 * 1024;

    /// Bytes that one receive of a bulk sender takes at most, as `_SelectorTransport.max_size` of `CPython`.
    pub const LARGE: usize = 256 * 1024;

    /// What a bulk sender brings at least. Less costs no more to copy than it costs to cut a large buffer to its size.
    const BULK: usize = 16 * 1024;

    /// Whether the next receive should have room for [`LARGE`](Self::LARGE) bytes.
    #[inline]
    pub fn is_bulk(self) -> bool {
        self.bulk
    }

    /// One receive has brought `len` bytes.
    #[inline]
    pub fn received(&mut self, len: usize) {
        self.bulk = len >= if self.bulk { Self::BULK } else { Self::SMALL };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_makes_a_bulk_sender_and_a_small_message_ends_it() {
        let mut intake = Intake::default();
        let mut bulk_after = |len| {
            intake.received(len);
            intake.is_bulk()
        };
        assert!(!bulk_after(Intake::SMALL - 1));
        assert!(bulk_after(Intake::SMALL));
        assert!(bulk_after(Intake::BULK));
        assert!(!bulk_after(Intake::BULK - 1));
        assert!(!bulk_after(Intake::BULK), "more than a small message, but far from a full buffer");
    }
}
