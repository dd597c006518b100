//! Handles that hold handles that hold handles, destroyed without end of the stack.
//!
//! `h = loop.call_soon(f, h)` a million times over makes a chain. Dropped at its end, each handle
//! would be destroyed inside the one before; CPython breaks such chains with its trashcan
//! (`Py_TRASHCAN_BEGIN`), which is for its own types and changes with each version.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::Python;

use super::fields::Fields;
use crate::cell::GilCell;
use crate::raw::Owned;

/// So many handles are destroyed inside each other, as in CPython's trashcan.
const DEEPEST: u32 = 50;

/// How many are being destroyed. Under the GIL; those of other threads are counted too, which only
/// makes chains break sooner.
static DEPTH: AtomicU32 = AtomicU32::new(0);
/// What the deepest ones held, for the one above them to drop.
static WAITING: GilCell<Vec<Owned>> = GilCell::new(Vec::new());

/// Drops all that a dying handle holds, now or before the handle around it is gone.
#[inline]
pub fn release(py: Python<'_>, fields: &Fields) {
    let depth = DEPTH.load(Ordering::Relaxed);
    if depth >= DEEPEST {
        return defer(py, fields);
    }
    DEPTH.store(depth + 1, Ordering::Relaxed);
    fields.release();
    while let Some(reference) = WAITING.with(py, Vec::pop) {
        drop(reference);
    }
    // Not `depth`: another thread's may have begun or ended meanwhile.
    DEPTH.store(DEPTH.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
}

#[cold]
fn defer(py: Python<'_>, fields: &Fields) {
    for cell in fields.references() {
        if let Some(reference) = cell.take() {
            WAITING.with(py, |waiting| waiting.push(reference));
        }
    }
}
