//! What the [`remote`](crate::remote) is made of. `tests/loom.rs` compiles that module and its parts
//! against models of these instead.

pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
pub use std::thread::yield_now;

pub use crossbeam_queue::SegQueue;
pub use rondel_sys::Waker;
