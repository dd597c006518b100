//! `Content-Encoding` undone, as a stream and in bounded memory (RFC 9110, 8.4).
//!
//! Encoded bytes are pushed, decoded ones pulled, in pieces of at most 64 KiB: however much a body expands to, no more
//! than one piece of each coding, and its window, is in memory. See [`Decoder`] for the order of the calls.

mod bound;
mod brotli;
mod deflate;
mod stage;
#[cfg(test)]
mod tests;
mod zstd;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::error::{Error, Kind};
use stage::Stage;

pub use bound::Bound;

/// The most codings that one body may have on top of each other. Each multiplies what a byte can expand to.
const MAX_CODINGS: usize = 5;

/// Undoes the codings of one body.
///
/// ```text
/// loop {
///     if let Some(piece) = decoder.next_piece()? { give it to the reader; continue }
///     match the connection's next bytes { Some(data) => decoder.push(data), None => return decoder.finish() }
/// }
/// ```
///
/// After an error each call gives that error again.
pub struct Decoder {
    /// What is undone first stands first; never empty.
    stages: Vec<Stage>,
    bound: Bound,
    failed: Option<Error>,
}

impl Decoder {
    /// A decoder for a body with these headers; none if its bytes are to be passed on as they are: they have no coding,
    /// or one that is not known here.
    ///
    /// Known are `gzip` (and `x-gzip`), `deflate`, `br` and `zstd`, in any letter case and several in a row.
    pub fn new(headers: &HeaderMap, bound: Bound) -> Option<Self> {
        let mut codings = Vec::new();
        for line in headers.get_all(CONTENT_ENCODING) {
            for name in line.to_str().ok()?.split(',').map(|name| name.trim_matches([' ', '\t'])) {
                if !name.is_empty() && !name.eq_ignore_ascii_case("identity") {
                    codings.push(Coding::of(name)?);
                }
            }
        }
        let failed = (codings.len() > MAX_CODINGS).then(|| {
            let why = format!("Can not decode content-encoding: {} codings, at most {MAX_CODINGS}", codings.len());
            Error::new(Kind::Payload(why))
        });
        codings.truncate(MAX_CODINGS);
        // The last one listed was applied last, so it is undone first.
        let stages: Vec<_> = codings.into_iter().rev().map(Stage::new).collect();
        (!stages.is_empty()).then_some(Self { stages, bound, failed })
    }

    /// More of the encoded body. Nothing is decoded before [`next_piece`](Self::next_piece) is called.
    pub fn push(&mut self, data: Bytes) {
        let Some(first) = self.stages.first_mut() else { return };
        if first.input.is_empty() {
            first.input = data;
        } else {
            let mut whole = BytesMut::with_capacity(first.input.len() + data.len());
            whole.extend_from_slice(&first.input);
            whole.extend_from_slice(&data);
            first.input = whole.freeze();
        }
    }

    /// The next decoded bytes, 1 to 65536 of them; none if more must be pushed first.
    ///
    /// Errors: [`Kind::Payload`] for bytes that the coding does not allow, [`Kind::Bomb`] beyond the [`Bound`].
    pub fn next_piece(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let piece = pull(&mut self.stages, &self.bound);
        if let Err(error) = &piece {
            self.fail(error.clone());
        }
        piece
    }

    /// The encoded body has ended, and [`next_piece`](Self::next_piece) has given none. A body without a byte is whole.
    ///
    /// Errors: [`Kind::Payload`] if it ended too early.
    pub fn finish(&mut self) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let ended = self.stages.iter().try_for_each(Stage::finish);
        if let Err(error) = &ended {
            self.fail(error.clone());
        }
        ended
    }

    /// Encoded bytes that were looked at so far.
    pub fn encoded(&self) -> u64 {
        self.stages.first().map_or(0, |first| first.consumed)
    }

    /// Decoded bytes that were given so far.
    pub fn decoded(&self) -> u64 {
        self.stages.last().map_or(0, |last| last.produced)
    }

    /// Nothing more comes of it: what it holds is let go.
    fn fail(&mut self, error: Error) {
        for stage in &mut self.stages {
            stage.input = Bytes::new();
        }
        self.failed = Some(error);
    }
}

/// The next piece of the last of these stages. What goes from one to the next counts against the bound as well: it
/// costs time, even if nothing of it comes out in the end.
fn pull(stages: &mut [Stage], bound: &Bound) -> Result<Option<Bytes>, Error> {
    let Some((last, earlier)) = stages.split_last_mut() else { return Ok(None) };
    loop {
        if let Some(piece) = last.piece()? {
            bound.check(earlier.first().map_or(last.consumed, |first| first.consumed), last.produced)?;
            return Ok(Some(piece));
        }
        match pull(earlier, bound)? {
            Some(input) => last.input = input,
            None => return Ok(None),
        }
    }
}

/// What a body can be encoded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone, which many servers send under this name.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// By its registered name.
    fn of(name: &str) -> Option<Self> {
        let names = [("gzip", Self::Gzip), ("x-gzip", Self::Gzip), ("deflate", Self::Deflate)];
        let names = names.into_iter().chain([("br", Self::Brotli), ("zstd", Self::Zstd)]);
        names.into_iter().find_map(|(known, coding)| known.eq_ignore_ascii_case(name).then_some(coding))
    }

    /// The name in `Content-Encoding`.
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}
