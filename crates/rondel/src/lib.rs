//! A small asynchronous runtime: one thread, one selector, one set of timers.
//!
//! It is the engine under rondel's event loop for Python, with a Rust face of its own and no Python
//! in it.
//!
//! ```
//! use std::time::Duration;
//!
//! fn main() -> std::io::Result<()> {
//!     let greeting = rondel::run(async {
//!         let slow = rondel::spawn(async {
//!             rondel::sleep(Duration::from_millis(2)).await;
//!             "world"
//!         });
//!         format!("hello, {}", slow.await.unwrap())
//!     })?;
//!     assert_eq!(greeting, "hello, world");
//!     Ok(())
//! }
//! ```
//!
//! - [`run`] runs a future to its end; [`Builder`] makes a [`Runtime`] that does so with another
//!   clock or another selector.
//! - [`spawn`] starts a task beside the one that is running, [`spawn_blocking`] a function on another
//!   thread.
//! - [`gather`], [`try_gather`] and [`race`] wait for several futures, [`timeout`] for one, but not for
//!   ever.
//! - [`sleep`], [`Instant`] and [`yield_now`] deal with time.
//! - [`http`] has an HTTP client, [`net`] has TCP, [`sync`] a semaphore, a queue, an event and a mutex.
//!
//! # What is promised
//! Tasks need not be `Send`: all of them run on the thread that called [`run`], one at a time, in the
//! order in which they were woken. A future that is dropped is gone at once, and so are its timer
//! and its interest in a socket. A task that panics ends alone, with a [`JoinError`]. When a runtime
//! ends, it drops the tasks that are left, on its own thread.
#![forbid(unsafe_code)]

mod blocking;
mod builder;
mod gather;
pub mod http;
mod join;
pub mod net;
mod race;
mod shared;
mod source;
pub mod sync;
mod task;
mod time;
mod yield_now;

pub use blocking::spawn_blocking;
pub use builder::{Builder, Runtime, run};
pub use gather::{gather, try_gather};
pub use join::{JoinError, JoinHandle, Panic};
pub use race::race;
pub use rondel_engine::{Backend, Clock};
pub use task::spawn;
pub use time::{Elapsed, Instant, Sleep, Timeout, sleep, sleep_until, timeout, timeout_at};
pub use yield_now::{YieldNow, yield_now};

/// The examples of the guide are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide-rust.md")]
struct Guide;
