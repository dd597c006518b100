//! Which handles the garbage collector knows.
//!
//! It must know an object that may be part of a cycle nobody reaches; each that it knows costs it a few hundred
//! instructions, and there is one a callback. While a loop runs, it is reached: from the stack of the thread that runs
//! it. So is all that it has pending, and that need not be known. A handle is made unknown, and becomes known
//! - at once, when its loop does not run (or it is not for the queue of a loop);
//! - when its loop lets go of it while somebody else holds it: it has run, was cancelled, or the loop was closed;
//! - when the run ends and it is still pending: the loop may be garbage then.
//!
//! What an unknown object holds is taken for reached by the collector: nothing is collected too early for this.

use pyo3::ffi;

use crate::raw::Owned;

/// A handle in the hands of a loop, from the queue to the end of its callback.
#[derive(Clone, Debug)]
pub struct Pending(Owned);

impl Pending {
    /// # Safety
    /// `handle` is a handle of ours.
    #[inline]
    pub unsafe fn new(handle: Owned) -> Self {
        Self(handle)
    }

    /// The handle.
    #[inline]
    pub fn object(&self) -> &Owned {
        &self.0
    }

    /// Tells the garbage collector of the handle.
    pub fn show(&self) {
        // SAFETY: a handle is an object that takes part in garbage collection, and it is whole. The GIL is held (the
        // contract of `Owned`).
        unsafe {
            if ffi::PyObject_GC_IsTracked(self.0.as_ptr()) == 0 {
                ffi::PyObject_GC_Track(self.0.as_ptr().cast());
            }
        }
    }
}

impl Drop for Pending {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the object is alive: we hold a reference.
        if unsafe { ffi::Py_REFCNT(self.0.as_ptr()) } > 1 {
            self.show();
        }
    }
}
