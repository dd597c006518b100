//! HTTP/2 frames by hand (RFC 9113, 4.1), for a server that does what hyper's does not.

use rondel_http::conn::{Connection, Limits, Settings, Spares};

use crate::bench::Bench;
use crate::pipe::{Server, pipe};

/// Types of frames.
pub const HEADERS: u8 = 1;
pub const SETTINGS: u8 = 4;
pub const GOAWAY: u8 = 7;

/// Flags.
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// `:status: 200`, as the static table has it (RFC 7541, A).
pub const OK: &[u8] = &[0x88];

/// What a client says first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame that has come.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub stream: u32,
}

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// SETTINGS: so many streams at a time.
pub fn streams(most: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&3u16.to_be_bytes()[..], &most.to_be_bytes()].concat())
}

/// Nothing after the stream `last` was worked on.
pub fn goaway(last: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), 0u32.to_be_bytes()].concat())
}

/// A connection, and its server, which takes so many streams at a time.
pub fn open(bench: &Bench, most: u32) -> (Connection<Bench>, Server) {
    let (io, server) = pipe(Some(b"h2"));
    let http = bench.wait(Connection::open(bench, io, &Settings::default(), &Spares::new(Limits::default()))).unwrap();
    server.send(streams(most));
    bench.run();
    let greeting = server.take();
    assert!(greeting.starts_with(PREFACE));
    frames(&greeting[PREFACE.len()..]);
    (http, server)
}

/// What the client has sent since the last call.
pub fn received(server: &Server) -> Vec<Frame> {
    frames(&server.take())
}

/// The streams of the requests that it has sent since then.
pub fn begun(server: &Server) -> Vec<u32> {
    received(server).iter().filter(|frame| frame.kind == HEADERS).map(|frame| frame.stream).collect()
}

fn frames(mut data: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = data.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        frames.push(Frame { kind: head[3], stream });
        data = &rest[length..];
    }
    assert!(data.is_empty(), "half a frame");
    frames
}
