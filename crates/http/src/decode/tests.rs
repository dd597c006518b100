use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::stage::MAX_PIECE;
use super::{Bound, Decoder};
use crate::error::{Error, Kind};

/// Encodes a whole body.
type Encode = fn(&[u8]) -> Vec<u8>;

/// How a body may be encoded: the name in the header, and the encoder.
const CODINGS: [(&str, Encode); 6] =
    [("gzip", gzip), ("X-GZIP", gzip), ("deflate", zlib), ("Deflate", raw), ("br", brotli), ("zstd", zstd)];

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn raw(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut encoder = ::brotli::CompressorWriter::new(Vec::new(), 4096, 4, 22);
    encoder.write_all(data).unwrap();
    encoder.into_inner()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(data, 3).unwrap()
}

fn headers(lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (CONTENT_ENCODING, HeaderValue::from_str(line).unwrap())).collect()
}

fn decoder(coding: &str) -> Decoder {
    Decoder::new(&headers(&[coding]), Bound::NONE).unwrap()
}

/// All that comes out when these chunks go in.
fn decoded<'a>(decoder: &mut Decoder, chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut whole = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        while let Some(piece) = decoder.next_piece()? {
            assert!((1..=MAX_PIECE).contains(&piece.len()));
            whole.extend_from_slice(&piece);
        }
    }
    decoder.finish()?;
    assert_eq!(decoder.decoded(), whole.len() as u64);
    Ok(whole)
}

/// Why it can't be decoded.
fn payload_error(result: Result<Vec<u8>, Error>) -> String {
    match result.map_err(|error| error.kind().clone()) {
        Err(Kind::Payload(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Cut at these places.
fn cut<'a>(data: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places.iter().map(|place| place.index(data.len() + 1)).collect();
    places.extend([0, data.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &data[ends[0]..ends[1]]).collect()
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000),
        (prop::collection::vec(any::<u8>(), 1..50), 0..5000_usize).prop_map(|(part, times)| part.repeat(times)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_encoded_comes_out_however_it_is_cut(
        body in bodies(),
        which in prop::collection::vec(0..CODINGS.len(), 1..4),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let encoded = which.iter().fold(body.clone(), |data, &which| CODINGS[which].1(&data));
        let names: Vec<_> = which.iter().map(|&which| CODINGS[which].0).collect();
        let mut decoder = decoder(&names.join(" ,\t"));
        prop_assert_eq!(decoded(&mut decoder, cut(&encoded, &places)).unwrap(), body);
        prop_assert_eq!(decoder.encoded(), encoded.len() as u64);
    }

    #[test]
    fn a_body_that_ends_early_is_an_error(
        body in prop::collection::vec(any::<u8>(), 1..500),
        which in 0..CODINGS.len(),
        place in any::<prop::sample::Index>(),
    ) {
        let encoded = CODINGS[which].1(&body);
        let end = 1 + place.index(encoded.len() - 1);
        let why = payload_error(decoded(&mut decoder(CODINGS[which].0), [&encoded[..end]]));
        prop_assert!(why.contains("ends too early"), "{}", why);
    }

    #[test]
    fn several_members_are_one_body(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        which in prop::sample::select(vec![0_usize, 2, 5]),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let encoded: Vec<u8> = bodies.iter().flat_map(|body| CODINGS[which].1(body)).collect();
        let whole = decoded(&mut decoder(CODINGS[which].0), cut(&encoded, &places)).unwrap();
        prop_assert_eq!(whole, bodies.concat());
    }

    #[test]
    fn anything_at_all_ends_in_bounded_time(
        data in prop::collection::vec(any::<u8>(), 0..2000),
        which in prop::collection::vec(0..CODINGS.len(), 1..6),
    ) {
        let names: Vec<_> = which.iter().map(|&which| CODINGS[which].0).collect();
        let bound = Bound { ratio: 100, floor: 100_000, max: 200_000 };
        let mut decoder = Decoder::new(&headers(&[&names.join(",")]), bound).unwrap();
        let _ = decoded(&mut decoder, [&data[..]]);
        prop_assert!(decoder.decoded() <= bound.max + MAX_PIECE as u64);
    }
}

#[test]
fn bytes_without_a_known_coding_are_passed_on() {
    for lines in [&[][..], &[""], &["identity"], &["identity, "], &["compress"], &["gzip, aws-chunked"], &["g zip"]] {
        assert!(Decoder::new(&headers(lines), Bound::NONE).is_none(), "{lines:?}");
    }
}

#[test]
fn lines_of_the_header_are_one_list() {
    let mut decoder = Decoder::new(&headers(&["gzip", "identity", "br"]), Bound::NONE).unwrap();
    assert_eq!(decoded(&mut decoder, [&brotli(&gzip(b"body"))[..]]).unwrap(), b"body");
}

#[test]
fn too_many_codings_are_an_error() {
    let why = payload_error(decoded(&mut decoder("gzip, gzip, gzip, gzip, gzip, gzip"), [&b"x"[..]]));
    assert!(why.contains("6 codings"), "{why}");
}

#[test]
fn an_empty_body_is_whole_whatever_its_coding() {
    for (name, _) in CODINGS {
        assert_eq!(decoded(&mut decoder(name), []).unwrap(), b"");
    }
}

#[test]
fn what_follows_the_end_is_an_error() {
    for (name, encode) in [CODINGS[0], CODINGS[2], CODINGS[4], CODINGS[5]] {
        let mut encoded = encode(b"body");
        encoded.extend_from_slice(b"garbage");
        let why = payload_error(decoded(&mut decoder(name), [&encoded[..]]));
        assert!(why.starts_with(&format!("Can not decode content-encoding: {name} (")), "{why}");
    }
}

#[test]
fn one_byte_after_gzip_is_let_pass() {
    let encoded = gzip(b"body");
    assert_eq!(decoded(&mut decoder("gzip"), [&encoded[..], b"\n"]).unwrap(), b"body");
}

#[test]
fn an_error_comes_again() {
    let mut decoder = decoder("gzip");
    for _ in 0..3 {
        decoder.push(Bytes::from_static(b"no gzip at all"));
        assert!(matches!(decoder.next_piece().unwrap_err().kind(), Kind::Payload(_)));
        assert!(matches!(decoder.finish().unwrap_err().kind(), Kind::Payload(_)));
    }
}

#[test]
fn a_wrong_check_sum_is_an_error() {
    let mut encoded = gzip(b"body");
    let place = encoded.len() - 6;
    encoded[place] ^= 1;
    payload_error(decoded(&mut decoder("gzip"), [&encoded[..]]));
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let zeros = vec![0; 16 << 20];
    let bound = Bound { ratio: 100, floor: 1 << 20, max: u64::MAX };
    for (name, encode) in CODINGS {
        let mut decoder = Decoder::new(&headers(&[name]), bound).unwrap();
        let error = decoded(&mut decoder, [&encode(&zeros)[..]]).unwrap_err();
        assert!(matches!(error.kind(), Kind::Bomb { .. }), "{name}: {error}");
        assert!(decoder.decoded() <= (1 << 20) + MAX_PIECE as u64, "{name}");
    }
}

#[test]
fn a_bomb_between_two_codings_is_refused() {
    // Two million empty gzip streams, of which nothing comes out.
    let encoded = gzip(&gzip(b"").repeat(1 << 21));
    let bound = Bound { ratio: 100, floor: 1 << 20, max: u64::MAX };
    let mut decoder = Decoder::new(&headers(&["gzip, gzip"]), bound).unwrap();
    let error = decoded(&mut decoder, [&encoded[..]]).unwrap_err();
    assert!(matches!(error.kind(), Kind::Bomb { .. }), "{error}");
    assert_eq!(decoder.decoded(), 0);
}

#[test]
fn a_body_may_be_bounded_by_size_alone() {
    let bound = Bound { max: 10, ..Bound::NONE };
    let mut decoder = Decoder::new(&headers(&["br"]), bound).unwrap();
    assert_eq!(decoded(&mut decoder, [&brotli(&[7; 10])[..]]).unwrap(), [7; 10]);
    let mut decoder = Decoder::new(&headers(&["br"]), bound).unwrap();
    let error = decoded(&mut decoder, [&brotli(&[7; 11])[..]]).unwrap_err();
    assert!(matches!(error.kind(), Kind::Bomb { decoded: 11, .. }), "{error}");
}

#[test]
fn a_window_beyond_rfc_9659_is_refused() {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(b"body").unwrap();
    payload_error(decoded(&mut decoder("zstd"), [&encoder.finish().unwrap()[..]]));
}
