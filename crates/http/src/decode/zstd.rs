//! Zstandard (RFC 8878).

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::stage::Step;

/// The largest window, as a power of two: 8 MiB is what RFC 9659 grants to `Content-Encoding: zstd`.
const WINDOW_LOG: u32 = 23;

/// Zstandard frames, one after the other.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// A frame has ended, and nothing was seen of another.
    ended: bool,
}

impl Zstd {
    /// Errors: there is no memory.
    pub(super) fn new() -> Result<Self, String> {
        let mut decoder = Decoder::new().map_err(|error| error.to_string())?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(|error| error.to_string())?;
        Ok(Self { decoder, ended: false })
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, String> {
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around(output);
        let hint = self.decoder.run(&mut input, &mut output).map_err(|error| error.to_string())?;
        let step = Step { consumed: input.pos(), written: output.pos() };
        if hint == 0 {
            self.ended = true;
        } else if step.consumed > 0 {
            self.ended = false;
        }
        Ok(step)
    }

    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }
}
