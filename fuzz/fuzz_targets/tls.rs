//! Random schedules of a TLS connection's life against a model of its surroundings: `cargo +nightly fuzz run tls`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../crates/net/tests/tls/model.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|schedule: &[u8]| model::run(schedule));
