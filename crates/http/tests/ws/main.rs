//! WebSocket frames: what a peer may send is read, in pieces of any size; what it may not send has the right close code.

mod model;

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use rondel_http::ws::{Decoder, Deflate, Masks, Message, Opcode, Violation, apply_mask, close, frame};

use self::model::{Read, read};

const MAX: usize = 1 << 20;
/// A stored block of one byte that no text has.
const NOT_UTF8: &[u8] = b"\xc1\x07\x00\x01\x00\xfe\xff\xff\x00";

/// One frame as a server sends it.
fn raw(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// One frame as a client sends it.
fn masked(opcode: Opcode, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; frame::encoded_len(payload.len())];
    frame::encode(&mut bytes, opcode, false, mask, payload);
    bytes
}

fn decoder() -> Decoder {
    Decoder::new(MAX, true, true)
}

fn text(text: &str) -> Message<'static> {
    Message::Text(Cow::Owned(text.to_owned()))
}

fn binary(data: &[u8]) -> Message<'static> {
    Message::Binary(Cow::Owned(data.to_vec()))
}

fn all(bytes: &[u8]) -> Read {
    read(&mut decoder(), [bytes])
}

/// The code and the words for what these bytes are.
fn violation(max: usize, compression: bool, bytes: &[u8]) -> (u16, String) {
    let (_, violation) = read(&mut Decoder::new(max, compression, true), [bytes]);
    match violation {
        Some(violation) => (violation.code(), violation.to_string()),
        None => panic!("{bytes:?} is taken"),
    }
}

#[test]
fn the_examples_of_the_standard() {
    // RFC 6455, 5.7, and RFC 7692, 7.2.3.
    assert_eq!(all(b"\x81\x05Hello"), (vec![text("Hello")], None));
    assert_eq!(all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), (vec![text("Hello")], None));
    assert_eq!(all(b"\x01\x03Hel\x80\x02lo"), (vec![text("Hello")], None));
    assert_eq!(all(b"\x89\x05Hello"), (vec![Message::Ping(Cow::Borrowed(b"Hello"))], None));
    assert_eq!(all(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), (vec![text("Hello")], None));
    assert_eq!(all(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"), (vec![text("Hello")], None));
    // The second message refers to the first.
    let two = [&b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"[..], b"\xc1\x05\xf2\x00\x11\x00\x00"].concat();
    assert_eq!(all(&two), (vec![text("Hello"), text("Hello")], None));
    // A stored block, and a last block.
    assert_eq!(all(b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"), (vec![text("Hello")], None));
    assert_eq!(all(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), (vec![text("Hello")], None));
}

#[test]
fn an_end_is_read_with_its_code_and_reason() {
    let closed = |code, reason: &str| Message::Close { code, reason: reason.to_owned() };
    assert_eq!(all(b"\x88\x00").0, [closed(None, "")]);
    assert_eq!(all(b"\x88\x02\x03\xe8").0, [closed(Some(1000), "")]);
    assert_eq!(all(b"\x88\x06\x0f\xa0bye!").0, [closed(Some(4000), "bye!")]);
}

#[test]
fn control_frames_may_stand_between_the_pieces_of_a_message() {
    let bytes = [raw(0x01, b"a"), raw(0x89, b"?"), raw(0x00, b""), raw(0x8A, b"!"), raw(0x80, b"b")].concat();
    let expected = vec![Message::Ping(Cow::Borrowed(b"?")), Message::Pong(Cow::Borrowed(b"!")), text("ab")];
    assert_eq!(all(&bytes), (expected, None));
}

#[test]
fn a_peer_that_does_not_keep_to_the_protocol_is_told_so() {
    let protocol: [(&[u8], &str); 13] = [
        (b"\xa1\x00", "Received frame with non-zero reserved bits"),
        (b"\x91\x00", "Received frame with non-zero reserved bits"),
        (b"\x83\x00", "Unexpected opcode=3"),
        (b"\x8f\x00", "Unexpected opcode=15"),
        (b"\x09\x00", "Received fragmented control frame"),
        (b"\x89\x7e\x00\x7e", "Control frame payload cannot be larger than 125 bytes"),
        (b"\x80\x00", "Continuation frame for non started message"),
        (b"\x01\x01a\x82\x01b", "The opcode in non-fin frame is expected to be zero, got 2"),
        (b"\x02\x00\x01\x01b", "The opcode in non-fin frame is expected to be zero, got 1"),
        (b"\x01\x01a\xc0\x01b", "Received frame with non-zero reserved bits"),
        (b"\x88\x02\x03\xed", "Invalid close code: 1005"),
        (b"\x88\x02\x0b\xb7", "Invalid close code: 2999"),
        (b"\x88\x01a", "Invalid close frame: its payload is [97], which is no code"),
    ];
    for (bytes, words) in protocol {
        assert_eq!(violation(MAX, true, bytes), (close::PROTOCOL_ERROR, words.to_owned()));
    }
    let words = "Received frame with non-zero reserved bits".to_owned();
    for bytes in [b"\xc1\x00", b"\xc9\x00"] {
        assert_eq!(violation(MAX, false, bytes), (close::PROTOCOL_ERROR, words.clone()));
    }
    for bytes in [&b"\x81\x01\xff"[..], b"\x01\x02\xe2\x82\x80\x00", b"\x88\x03\x03\xe8\xff", NOT_UTF8] {
        assert_eq!(violation(MAX, true, bytes).0, close::INVALID_TEXT, "{bytes:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_by_its_head() {
    let refused = |max, bytes: &[u8]| {
        let (code, words) = violation(max, true, bytes);
        assert_eq!(code, close::MESSAGE_TOO_BIG);
        words
    };
    assert_eq!(refused(125, b"\x82\x7d"), "Message size 125 exceeds limit 125");
    assert_eq!(refused(125, b"\x82\x7e\x10\x00"), "Message size 4096 exceeds limit 125");
    assert_eq!(refused(4, b"\x02\x02ab\x00\x02"), "Message size 4 exceeds limit 4");
    let huge = "Message size 18446744073709551615 exceeds limit 9223372036854775807";
    assert_eq!(refused(0, b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), huge);
    assert_eq!(read(&mut Decoder::new(3, false, true), [&b"\x82\x02ab\x89\x03abc"[..]]).0.len(), 2);
}

#[test]
fn a_bomb_is_refused_before_it_is_large() {
    let bomb = Deflate::new(15, true).unwrap().message(&vec![0; 8 << 20]).unwrap();
    assert!(bomb.len() < MAX / 8);
    let words = format!("Decompressed message exceeds size limit {MAX}");
    assert_eq!(violation(MAX, true, &raw(0xC2, &bomb)), (close::MESSAGE_TOO_BIG, words));
    // A last block each, and nothing in it.
    let (code, words) = violation(MAX, true, &raw(0xC2, &[0x03_u8, 0x00].repeat(2000)));
    assert_eq!((code, &*words), (close::MESSAGE_TOO_BIG, "Compressed message has too many deflate members"));
}

#[test]
fn what_can_not_be_inflated_is_corrupt() {
    let (messages, violation) = all(&[raw(0x81, b"a"), raw(0xC1, b"\xff\xff\xff")].concat());
    assert_eq!(messages, [text("a")]);
    assert!(matches!(violation, Some(Violation::Corrupt(_))), "{violation:?}");
}

#[test]
fn texts_are_left_alone_if_that_is_wanted() {
    let (messages, violation) = read(&mut Decoder::new(MAX, false, false), [&b"\x81\x01\xff"[..]]);
    assert_eq!((messages, violation), (vec![Message::RawText(Cow::Borrowed(b"\xff"))], None));
}

#[test]
fn only_windows_that_zlib_has_are_made() {
    for bits in 0..=u8::MAX {
        assert_eq!(Deflate::new(bits, true).is_some(), (9..=15).contains(&bits));
    }
}

#[test]
fn masks_differ() {
    let mut masks = Masks::new();
    let mut drawn: Vec<[u8; 4]> = (0..300).map(|_| masks.draw().unwrap()).collect();
    drawn.sort_unstable();
    drawn.dedup();
    // Two of 300 are alike once in a hundred thousand runs; more than that never.
    assert!(drawn.len() >= 298);
}

#[test]
fn an_empty_message_is_one_byte_when_compressed() {
    let mut deflate = Deflate::new(15, true).unwrap();
    for _ in 0..3 {
        assert_eq!(deflate.message(b"").unwrap(), [0]);
    }
}

/// A message, and how it is sent: by a text or bytes, compressed, in how many pieces, after which pings.
#[derive(Clone, Debug)]
struct Sent {
    text: Option<String>,
    data: Vec<u8>,
    compressed: bool,
    pieces: usize,
    pings: bool,
}

impl Sent {
    fn payload(&self) -> &[u8] {
        self.text.as_ref().map_or(&self.data[..], String::as_bytes)
    }

    /// The frames for it.
    fn frames(&self, deflate: &mut Deflate) -> Vec<u8> {
        let payload = if self.compressed { deflate.message(self.payload()).unwrap() } else { self.payload().to_vec() };
        let size = payload.len().div_ceil(self.pieces).max(1);
        let mut pieces: Vec<&[u8]> = payload.chunks(size).collect();
        if pieces.is_empty() {
            pieces.push(&[]);
        }
        let mut bytes = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let opcode = if index > 0 { 0x00 } else { 0x02 - u8::from(self.text.is_some()) };
            let rsv1 = if self.compressed && index == 0 { 0x40 } else { 0 };
            let fin = if index + 1 == pieces.len() { 0x80 } else { 0 };
            bytes.extend(raw(fin | rsv1 | opcode, piece));
            if self.pings && fin == 0 {
                bytes.extend(raw(0x89, b"ping"));
            }
        }
        bytes
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    let data = prop_oneof![vec(any::<u8>(), 0..300), vec(Just(7_u8), 0..70_000), vec(any::<u8>(), 60_000..70_000)];
    (proptest::option::of(".{0,200}"), data, any::<bool>(), 1..5_usize, any::<bool>())
        .prop_map(|(text, data, compressed, pieces, pings)| Sent { text, data, compressed, pieces, pings })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn messages_arrive_as_they_were_sent(
        messages in vec(sent(), 0..6),
        bits in 9..16_u8,
        takeover in any::<bool>(),
        cut in prop_oneof![1..20_usize, Just(4096), Just(usize::MAX)],
    ) {
        let mut deflate = Deflate::new(bits, takeover).unwrap();
        let bytes: Vec<u8> = messages.iter().flat_map(|message| message.frames(&mut deflate)).collect();
        let (mut got, violation) = read(&mut decoder(), bytes.chunks(cut));
        prop_assert_eq!(violation, None);
        got.retain(|message| !matches!(message, Message::Ping(_)));
        let expected: Vec<Message<'_>> = messages
            .iter()
            .map(|message| message.text.as_deref().map_or_else(|| binary(&message.data), text))
            .collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn without_takeover_each_message_stands_alone(messages in vec(vec(any::<u8>(), 0..500), 1..5)) {
        let mut deflate = Deflate::new(15, false).unwrap();
        let again: Vec<Vec<u8>> = messages.iter().chain(&messages).cloned().collect();
        for message in again {
            let frame = raw(0xC2, &deflate.message(&message).unwrap());
            prop_assert_eq!(all(&frame), (vec![binary(&message)], None));
        }
    }

    #[test]
    fn a_frame_of_ours_is_read_as_it_was(
        data in prop_oneof![vec(any::<u8>(), 0..130), vec(any::<u8>(), 65_530..65_540)],
        mask in any::<[u8; 4]>(),
    ) {
        let bytes = masked(Opcode::Binary, mask, &data);
        prop_assert_eq!(bytes.len(), frame::encoded_len(data.len()));
        prop_assert_eq!(all(&bytes), (vec![binary(&data)], None));
    }

    #[test]
    fn masking_is_bytewise(data in vec(any::<u8>(), 0..100), mask in any::<[u8; 4]>(), offset in 0..9_usize) {
        let mut got = data.clone();
        apply_mask(&mut got, mask, offset);
        let expected: Vec<u8> =
            data.iter().enumerate().map(|(index, byte)| byte ^ mask[(index + offset) % 4]).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn any_bytes_are_read_alike_however_they_are_cut(bytes in vec(any::<u8>(), 0..400)) {
        model::run(&bytes);
    }

    #[test]
    fn mutated_frames_are_read_alike_however_they_are_cut(
        messages in vec(sent(), 1..3),
        how in any::<[u8; 2]>(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut deflate = Deflate::new(15, true).unwrap();
        let mut bytes: Vec<u8> = messages.iter().flat_map(|message| message.frames(&mut deflate)).collect();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        model::run(&[&how[..], &bytes].concat());
    }
}
