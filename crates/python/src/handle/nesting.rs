//! Handles that hold handles that hold handles, destroyed without end of the stack.
//!
//! `h = loop.call_soon(f, h)` a million times over makes a chain. Dropped at its end, each handle
//! would be destroyed inside the one before; CPython breaks such chains with its trashcan
//! (`Py_TRASHCAN_BEGIN`), which is for its own types and changes with each version.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pyo3::Python;
use pyo3::ffi;

use super::class::take_all;
use crate::cell::GilCell;
use crate::raw::Owned;

/// So many handles are destroyed inside each other, as in CPython's trashcan.
const DEEPEST: u32 = 50;

/// How many are being destroyed. Under the GIL; those of other threads are counted too, which only
/// makes chains break sooner.
static DEPTH: AtomicU32 = AtomicU32::new(0);
/// What the deepest ones held, for the one above them to drop.
static WAITING: GilCell<Vec<Owned>> = GilCell::new(Vec::new());
/// Whether there is any of it.
static ANY_WAITING: AtomicBool = AtomicBool::new(false);

/// Drops all that a dying handle holds, now or before the handle around it is gone.
///
/// # Safety
/// It is a handle of ours.
#[inline]
pub unsafe fn release(py: Python<'_>, handle: *mut ffi::PyObject) {
    let depth = DEPTH.load(Ordering::Relaxed);
    if depth >= DEEPEST {
        // SAFETY: as promised by the caller.
        return unsafe { defer(py, handle) };
    }
    DEPTH.store(depth + 1, Ordering::Relaxed);
    // SAFETY: as promised by the caller.
    unsafe { take_all(handle, drop) };
    if ANY_WAITING.load(Ordering::Relaxed) {
        drop_waiting(py);
    }
    // Not `depth`: another thread's may have begun or ended meanwhile.
    DEPTH.store(DEPTH.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
}

#[cold]
fn drop_waiting(py: Python<'_>) {
    while let Some(reference) = WAITING.with(py, Vec::pop) {
        drop(reference);
    }
    // Another thread may have left something while the last one was dropped.
    ANY_WAITING.store(WAITING.with(py, |waiting| !waiting.is_empty()), Ordering::Relaxed);
}

#[cold]
unsafe fn defer(py: Python<'_>, handle: *mut ffi::PyObject) {
    // SAFETY: as promised by the caller.
    unsafe { take_all(handle, |reference| WAITING.with(py, |waiting| waiting.push(reference))) };
    ANY_WAITING.store(true, Ordering::Relaxed);
}
