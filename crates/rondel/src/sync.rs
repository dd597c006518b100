//! What tasks coordinate with.
//!
//! All of these may also be shared with other threads, whose calls wake the loop.

mod event;
mod queue;

pub use async_lock::{Mutex, MutexGuard, RwLock, Semaphore, SemaphoreGuard, SemaphoreGuardArc};
pub use event::Event;
pub use queue::{Closed, Queue};
