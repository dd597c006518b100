//! Random schedules of the engine against its model, on both backends: `make fuzz ARGS=engine`.
#![no_main]
#![forbid(unsafe_code)]

#[path = "../../crates/engine/tests/engine/model/mod.rs"]
mod model;

use libfuzzer_sys::fuzz_target;
use rondel_engine::Backend;

fuzz_target!(|schedule: &[u8]| {
    #[cfg(target_os = "linux")]
    model::run(schedule, Backend::Epoll);
    model::run(schedule, Backend::Poll);
});
