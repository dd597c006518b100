//! Functions that block, on threads beside the loop.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::join::{JoinError, JoinHandle, Panic};
use crate::shared::Shared;
use crate::task::spawn_fallible;

/// Runs `function` on another thread, for work that blocks or computes for long. It starts at once, if
/// a thread is free; the pool (of the crate `blocking`, shared with all that use it) grows up to 500
/// threads, or what `BLOCKING_MAX_THREADS` says, and shrinks when they idle. More computing functions
/// than cores gain nothing: bound them with a [`Semaphore`](crate::sync::Semaphore).
///
/// Cancelling the handle keeps a function from starting that has not started. One that runs can't
/// be stopped: what it gives is dropped. The runtime does not wait for it when it ends.
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// rondel::run(async {
///     let sum = rondel::spawn_blocking(|| (1..=1000_u64).sum::<u64>());
///     assert_eq!(sum.await.unwrap(), 500_500);
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(function: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let shared = Shared::current("rondel::spawn_blocking");
    let work = blocking::unblock(|| {
        catch_unwind(AssertUnwindSafe(function)).map_err(|payload| JoinError::Panicked(Panic::new(payload)))
    });
    spawn_fallible(shared, work)
}
