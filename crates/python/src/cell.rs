//! State that the GIL protects.

use std::cell::{Cell, UnsafeCell};

use pyo3::Python;

/// A value that is reached only with the GIL held, for moments in which no Python code can run.
///
/// A loop is made in one thread, run in a second and closed in a third, and while one thread waits
/// without the GIL others may schedule: so no class is bound to its thread, and the GIL is the lock.
/// It can change hands only where Python code runs, so a closure that runs none has the value for
/// itself. Dropping a reference runs Python code: what is taken out is dropped outside.
///
/// This is the one place that a free-threaded build has to replace, by a lock.
#[derive(Debug, Default)]
pub struct GilCell<T> {
    value: UnsafeCell<T>,
    /// Turns a closure that did run Python code, and so came back here, into a panic instead of two
    /// mutable references.
    busy: Cell<bool>,
}

// SAFETY: `with` needs the GIL, which one thread holds at a time; the value may move between
// threads as it is Send.
unsafe impl<T: Send> Sync for GilCell<T> {}

impl<T> GilCell<T> {
    /// Holds `value`.
    pub const fn new(value: T) -> Self {
        Self { value: UnsafeCell::new(value), busy: Cell::new(false) }
    }

    /// Runs `look` on the value. It must not call into Python, nor drop a reference.
    ///
    /// # Panics
    /// If it does and comes back here.
    #[inline]
    pub fn with<R>(&self, _py: Python<'_>, look: impl FnOnce(&mut T) -> R) -> R {
        struct Release<'a>(&'a Cell<bool>);
        impl Drop for Release<'_> {
            #[inline]
            fn drop(&mut self) {
                self.0.set(false);
            }
        }
        assert!(!self.busy.replace(true), "the loop's state was used while it was in use");
        let _release = Release(&self.busy);
        // SAFETY: the GIL is held ('py), so no other thread is here; the flag says that this one is
        // not here twice.
        look(unsafe { &mut *self.value.get() })
    }
}
