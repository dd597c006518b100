//! Any bytes, cut anywhere, are read alike, and nothing is larger than allowed.
//!
//! The input is a string of bytes, so that a fuzzer can make it: `fuzz/fuzz_targets/http_ws.rs` compiles this module as well.

use std::borrow::Cow;

use rondel_http::ws::{Decoder, Message, Violation};

/// What a decoder made of its input.
pub type Read = (Vec<Message<'static>>, Option<Violation>);

/// The payload of control frames is not the business of the maximum.
const MAX_CONTROL: usize = 125;

/// Reads `bytes`, of which the first two say how.
pub fn run(bytes: &[u8]) {
    let [options, cut, data @ ..] = bytes else { return };
    let max = if options & 1 == 0 { 0 } else { 1 << (options >> 4) };
    let decoder = || Decoder::new(max, options & 2 != 0, options & 4 != 0);
    let whole = read(&mut decoder(), [data]);
    assert_eq!(read(&mut decoder(), data.chunks(usize::from(*cut) + 1)), whole);
    for message in &whole.0 {
        assert!(max == 0 || size(message) <= max.max(MAX_CONTROL), "{message:?} of {max}");
    }
}

/// Gives `decoder` these pieces of input.
pub fn read<'a>(decoder: &mut Decoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut messages = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(message)) => messages.push(owned(message)),
                Ok(None) => break,
                Err(violation) => {
                    assert_eq!(decoder.next(&mut [0x81, 0x00].as_slice()), Err(violation.clone()));
                    return (messages, Some(violation));
                }
            }
        }
        assert!(piece.is_empty(), "more was asked for with {} bytes left", piece.len());
    }
    (messages, None)
}

fn owned(message: Message<'_>) -> Message<'static> {
    let bytes = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
    match message {
        Message::Text(text) => Message::Text(Cow::Owned(text.into_owned())),
        Message::RawText(text) => Message::RawText(bytes(text)),
        Message::Binary(data) => Message::Binary(bytes(data)),
        Message::Ping(data) => Message::Ping(bytes(data)),
        Message::Pong(data) => Message::Pong(bytes(data)),
        Message::Close { code, reason } => Message::Close { code, reason },
    }
}

fn size(message: &Message<'_>) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::RawText(data) | Message::Binary(data) | Message::Ping(data) | Message::Pong(data) => data.len(),
        Message::Close { reason, .. } => reason.len(),
    }
}
