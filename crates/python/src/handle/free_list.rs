//! Dead handles whose memory serves the next ones.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::Python;
use pyo3::ffi;

/// So many of each class are kept: some 130 KB. A server's turn makes far fewer at once.
const CAPACITY: usize = 1024;

/// Untracked, emptied objects without references, of one class. Each holds the address of the next.
///
/// The GIL is its lock: what runs here runs no Python code.
pub struct FreeList {
    first: AtomicPtr<ffi::PyObject>,
    count: AtomicUsize,
}

unsafe extern "C" {
    /// Sets the reference count to one (and tells tracemalloc). CPython, Objects/object.c.
    fn _Py_NewReference(object: *mut ffi::PyObject);
}

/// Where a dead object holds the address of the next: behind its header.
fn link(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    object.wrapping_add(1).cast()
}

impl FreeList {
    pub const fn new() -> Self {
        Self { first: AtomicPtr::new(std::ptr::null_mut()), count: AtomicUsize::new(0) }
    }

    /// An empty object with one reference, not yet tracked by the garbage collector.
    #[inline]
    pub fn take(&self, _py: Python<'_>) -> Option<*mut ffi::PyObject> {
        let object = self.first.load(Ordering::Relaxed);
        if object.is_null() {
            return None;
        }
        // SAFETY: the object is memory of its class, larger than a header, that nobody else knows of.
        unsafe {
            let next = link(object).replace(std::ptr::null_mut());
            self.first.store(next, Ordering::Relaxed);
            self.count.store(self.count.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
            _Py_NewReference(object);
        }
        Some(object)
    }

    /// Keeps a dead object, if there is room. Its reference to its class stays with it.
    ///
    /// # Safety
    /// The object is one of the two handle classes, emptied and untracked, and there is no reference to it.
    #[inline]
    pub unsafe fn keep(&self, _py: Python<'_>, object: *mut ffi::PyObject) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        if count == CAPACITY {
            return false;
        }
        // SAFETY: the memory behind the header belongs to the object, which nobody else knows of.
        unsafe { link(object).write(self.first.load(Ordering::Relaxed)) };
        self.first.store(object, Ordering::Relaxed);
        self.count.store(count + 1, Ordering::Relaxed);
        true
    }
}
