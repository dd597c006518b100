//! Encoded bodies, whole and in pieces, of any bytes: `make fuzz ARGS=http_decode`.
#![no_main]
#![forbid(unsafe_code)]

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use rondel_http::Kind;
use rondel_http::decode::{Bound, Decoder};

const CODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];
const MAX_PIECE: usize = 64 << 10;
/// A few bytes may expand to gigabytes.
const MAX: u64 = 1 << 20;

/// All that comes out, if it can be decoded.
fn decode(codings: &HeaderValue, data: &[u8], piece: usize) -> Option<Vec<u8>> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, codings.clone());
    let mut decoder = Decoder::new(&headers, Bound { max: MAX, ..Bound::NONE }).expect("known codings");
    let mut whole = Vec::new();
    for chunk in data.chunks(piece) {
        decoder.push(Bytes::copy_from_slice(chunk));
        loop {
            match decoder.next_piece() {
                Ok(Some(piece)) => {
                    assert!((1..=MAX_PIECE).contains(&piece.len()));
                    whole.extend_from_slice(&piece);
                    assert!(whole.len() as u64 <= MAX);
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(matches!(error.kind(), Kind::Payload(_) | Kind::Bomb { .. }), "{error}");
                    assert!(decoder.next_piece().is_err() && decoder.finish().is_err());
                    return None;
                }
            }
        }
        assert!(decoder.encoded() <= data.len() as u64);
    }
    assert_eq!(decoder.decoded(), whole.len() as u64);
    decoder.finish().ok().map(|()| whole)
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (which, piece, data) = input;
    // Two bits say a coding, and another one whether there is a second.
    let names: Vec<_> = (0..=which >> 6 & 1).map(|place| CODINGS[usize::from(which >> (2 * place) & 3)]).collect();
    let codings = HeaderValue::from_str(&names.join(", ")).expect("it is text");
    let whole = decode(&codings, data, data.len().max(1));
    assert_eq!(decode(&codings, data, usize::from(piece).max(1)), whole, "it depends on how the body is cut");
});
