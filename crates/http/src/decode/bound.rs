//! How much a body may expand.

use crate::error::{Error, Kind};

/// Beyond this a body is taken for a decompression bomb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The most decoded bytes for each encoded one, over all of the body so far. Text seldom exceeds 50; deflate can't
    /// exceed 1032, the other codings have no limit.
    pub ratio: u64,
    /// As long as no more than this many bytes were decoded, the ratio is not looked at.
    pub floor: u64,
    /// The most decoded bytes of a body; `u64::MAX`: no limit.
    pub max: u64,
}

impl Default for Bound {
    fn default() -> Self {
        Self { ratio: 250, floor: 32 << 20, max: u64::MAX }
    }
}

impl Bound {
    /// Lets everything through.
    pub const NONE: Self = Self { ratio: u64::MAX, floor: u64::MAX, max: u64::MAX };

    /// Errors: [`Kind::Bomb`] if so many bytes may not come from so few.
    pub(super) fn check(&self, encoded: u64, decoded: u64) -> Result<(), Error> {
        let most = encoded.saturating_mul(self.ratio).max(self.floor).min(self.max);
        if decoded > most { Err(Error::new(Kind::Bomb { decoded, encoded })) } else { Ok(()) }
    }
}
