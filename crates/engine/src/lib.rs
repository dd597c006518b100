//! The event loop itself: it knows when something is ready, never what it is.
//!
//! A [`Driver`] belongs to the thread that runs the loop. One [turn](Driver::prepare) of it finds
//! what is ready (what was pushed, descriptors, timers) and queues items of a type that the embedder
//! chooses; the embedder takes them out and runs them. The engine calls no code of the embedder's
//! user, holds no lock and needs no Python, so that it can be tested and fuzzed alone.
//!
//! A [`Remote`] is the half that other threads may touch: they push items through a lock-free queue
//! and end the driver's wait.
#![forbid(unsafe_code)]

mod clock;
mod descriptors;
mod doorbell;
mod driver;
mod executor;
mod gate;
mod remote;
mod sources;
mod sync;
mod timers;
mod watching;

pub use async_task::{FallibleTask, Runnable, Task};
pub use clock::{Clock, Nanos};
pub use descriptors::ByDescriptor;
pub use driver::{Drained, Driver, Wait};
pub use remote::Remote;
pub use rondel_sys::{Backend, Events};
pub use sources::SourceKey;
pub use timers::TimerKey;
