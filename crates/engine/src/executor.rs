//! Rust futures on the loop's thread.
//!
//! A future becomes a [`Runnable`] among the driver's items; the embedder polls it with
//! `Runnable::run` when its turn comes. Waking it queues it again, from any thread.

use std::future::Future;

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
        let (runnable, task) = async_task::spawn(future, self.scheduler());
        runnable.schedule();
        task
    }

    /// Starts `future` on this thread: the one that runs the driver, and the only one that may poll
    /// and drop it (async-task panics otherwise).
    pub fn spawn_local<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runnable, task) = async_task::spawn_local(future, self.scheduler());
        runnable.schedule();
        task
    }

    fn scheduler(&self) -> impl Fn(Runnable) + Send + Sync + 'static {
        let remote = self.clone();
        // A closed driver gives the item back: dropped here, it cancels its task.
        move |runnable| drop(remote.push(T::from(runnable)))
    }
}
