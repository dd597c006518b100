//! Random schedules of the write queue against its model: `make fuzz ARGS=write_queue`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../crates/net/tests/write_queue/model.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|schedule: &[u8]| model::run(schedule));
