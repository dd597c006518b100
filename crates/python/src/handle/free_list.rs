//! Dead handles whose memory serves the next ones.

use pyo3::Python;
use pyo3::ffi;

use crate::cell::GilCell;

/// So many of each class are kept: some 200 KB. A server's turn makes far fewer at once.
const CAPACITY: usize = 1024;

/// Untracked, emptied objects without references, of one class.
pub struct FreeList(GilCell<Vec<Dead>>);

struct Dead(*mut ffi::PyObject);

// SAFETY: a pointer to memory that nobody uses.
unsafe impl Send for Dead {}

unsafe extern "C" {
    /// Sets the reference count to one (and tells tracemalloc). CPython, Objects/object.c.
    fn _Py_NewReference(object: *mut ffi::PyObject);
}

impl FreeList {
    pub const fn new() -> Self {
        Self(GilCell::new(Vec::new()))
    }

    /// An empty object with one reference, not yet tracked by the garbage collector.
    #[inline]
    pub fn take(&self, py: Python<'_>) -> Option<*mut ffi::PyObject> {
        let Dead(object) = self.0.with(py, Vec::pop)?;
        // SAFETY: the object is memory of its class that nobody else knows of.
        unsafe { _Py_NewReference(object) };
        Some(object)
    }

    /// Keeps a dead object, if there is room. Its reference to its class stays with it.
    #[inline]
    pub fn keep(&self, py: Python<'_>, object: *mut ffi::PyObject) -> bool {
        self.0.with(py, |list| {
            let room = list.len() < CAPACITY;
            if room {
                list.push(Dead(object));
            }
            room
        })
    }
}
