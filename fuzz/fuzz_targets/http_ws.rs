//! What a server sends over a WebSocket, cut anywhere, is read alike: `cargo +nightly fuzz run http_ws`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../crates/http/tests/ws/model.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| model::run(bytes));
