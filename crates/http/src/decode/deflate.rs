//! The codings around deflate: gzip (RFC 1952), zlib (RFC 1950), and deflate alone (RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use super::stage::Step;

/// The window of 32 KiB, as a power of two.
const WINDOW_BITS: u8 = 15;

/// Deflate in one of its wrappings. Several streams in a row are one body, as `gzip` and RFC 1952 have it.
pub(super) struct Deflate {
    form: Form,
    inflate: Decompress,
    /// The current stream has ended; what follows is another.
    ended: bool,
    /// A stream has ended before the current one.
    repeated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Gzip,
    Zlib,
    Raw,
}

impl Form {
    fn inflate(self) -> Decompress {
        match self {
            Self::Gzip => Decompress::new_gzip(WINDOW_BITS),
            Self::Zlib => Decompress::new(true),
            Self::Raw => Decompress::new(false),
        }
    }
}

impl Deflate {
    pub(super) fn gzip() -> Self {
        Self::new(Form::Gzip)
    }

    /// What `Content-Encoding: deflate` means: zlib, but many servers leave its header out. Its low four bits are 8.
    pub(super) fn of_first(byte: Option<u8>) -> Self {
        Self::new(if byte.is_some_and(|byte| byte & 0x0F == 8) { Form::Zlib } else { Form::Raw })
    }

    fn new(form: Form) -> Self {
        Self { form, inflate: form.inflate(), ended: false, repeated: false }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        if self.ended {
            if input.is_empty() {
                return Ok(Step { consumed: 0, written: 0 });
            }
            self.inflate = self.form.inflate();
            (self.ended, self.repeated) = (false, true);
        }
        let (taken, given) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, output, FlushDecompress::None);
        let status = status.map_err(|error| error.message().unwrap_or("it is corrupt").to_owned())?;
        self.ended = status == Status::StreamEnd;
        // Both differences are at most the lengths of the two slices.
        let consumed = usize::try_from(self.inflate.total_in() - taken).unwrap_or(input.len());
        let written = usize::try_from(self.inflate.total_out() - given).unwrap_or(output.len());
        Ok(Step { consumed, written })
    }

    /// Whether it may end here. One byte after a gzip stream, too few to be another, is let pass, as zlib's users do.
    pub(super) fn is_whole(&self) -> bool {
        self.ended || (self.form == Form::Gzip && self.repeated && self.inflate.total_in() < 2)
    }
}
