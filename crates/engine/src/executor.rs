//! Rust futures on the loop's thread.
//!
//! A future becomes a [`Runnable`] among the driver's items; the embedder polls it with
//! `Runnable::run` when its turn comes. Waking it queues it again, from any thread.

use std::future::Future;
use std::{mem, thread};

use async_task::{Runnable, Task};

use crate::remote::Remote;

impl<T: From<Runnable> + Send + 'static> Remote<T> {
    /// Starts `future`, which may be polled and dropped on any thread. Dropping the [`Task`] cancels
    /// it.
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let remote = self.clone();
        let (runnable, task) = async_task::spawn(future, move |runnable| {
            // A closed driver gives the item back: dropped here, it cancels its task.
            drop(remote.push(T::from(runnable)));
        });
        runnable.schedule();
        task
    }

    /// Starts `future` on this thread: the one that runs the driver, and the only one that may poll
    /// and drop it (async-task panics otherwise). What of it is left when the driver closes should be cancelled first:
    /// a future that another thread wakes afterwards is never dropped.
    pub fn spawn_local<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let remote = self.clone();
        let home = thread::current().id();
        let schedule = move |runnable| {
            if let Err(refused) = remote.push(T::from(runnable))
                && thread::current().id() != home
            {
                // Woken late, by a thread that may not drop it: leaked rather than a panic in that thread.
                mem::forget(refused);
            }
        };
        let (runnable, task) = async_task::spawn_local(future, schedule);
        runnable.schedule();
        task
    }
}
