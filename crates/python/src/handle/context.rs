//! The contexts that callbacks run in.
//!
//! Each callback has a context of its own, a copy of the one that it was scheduled in: what it sets, no other sees. But most
//! set nothing, and many are scheduled where the variables are the same. So a running loop's handles have one copy
//! between them, which nobody enters while more than one holds it; and callbacks that run one after the other are lent one
//! more, for as long as each leaves it as it was.
//!
//! Neither is kept beyond the end of the turn: what the variables hold must not live longer than without this.

use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::raw::{Owned, copy_context, copy_of, hold_the_same, holds_what_is_current};

/// Whose context it is that a handle holds.
pub enum Context {
    /// The handle's own, or one that the program gave.
    Own(Owned),
    /// That of many handles: the callback runs in a copy.
    Shared(Owned),
}

/// A copy of the context that somebody last scheduled in, for the next who does.
static SNAPSHOT: Kept = Kept::new();
/// What the last callback ran in.
static LENT: Kept = Kept::new();
/// Whether somebody has scheduled in this turn: who is the only one has no use for a shared copy.
static ASKED: AtomicBool = AtomicBool::new(false);

/// A reference, or none. The GIL is its lock: what runs here runs no Python code.
struct Kept(AtomicPtr<ffi::PyObject>);

impl Kept {
    const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    #[inline]
    fn take(&self, py: Python<'_>) -> Option<Owned> {
        let object = self.0.load(Ordering::Relaxed);
        if object.is_null() {
            return None;
        }
        self.0.store(std::ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: the reference was given to this place, which has it no more.
        unsafe { Owned::from_new(py, object) }.ok()
    }

    /// Keeps a reference, in place of the one before.
    #[inline]
    fn put(&self, py: Python<'_>, object: Owned) {
        let last = self.take(py);
        self.0.store(object.into_ptr(), Ordering::Relaxed);
        drop(last);
    }

    /// Another reference to what is kept, if it holds what the current context does.
    #[inline]
    fn if_current(&self, py: Python<'_>) -> Option<Owned> {
        let object = self.0.load(Ordering::Relaxed);
        // SAFETY: what is kept is alive.
        unsafe { (!object.is_null() && holds_what_is_current(py, object)).then(|| Owned::from_borrowed(py, object)) }
    }
}

impl Context {
    /// For a callback that the program gave no context: `shared` with others, or not.
    #[inline]
    pub fn current(py: Python<'_>, shared: bool) -> PyResult<Self> {
        if !shared || !asked_before() {
            return copy_context(py).map(Self::Own);
        }
        SNAPSHOT.if_current(py).map_or_else(|| new_snapshot(py), Ok).map(Self::Shared)
    }
}

/// Notes that somebody schedules. Under the GIL, so that two steps do.
#[inline]
fn asked_before() -> bool {
    let asked = ASKED.load(Ordering::Relaxed);
    ASKED.store(true, Ordering::Relaxed);
    asked
}

#[inline(never)]
fn new_snapshot(py: Python<'_>) -> PyResult<Owned> {
    let copy = copy_context(py)?;
    SNAPSHOT.put(py, copy.clone());
    Ok(copy)
}

/// Lends a context that holds what `shared` does, for one callback.
///
/// Errors: `TypeError` if `shared` is no context.
///
/// # Safety
/// `shared` is a live object, and stays alive through the call.
#[inline]
pub unsafe fn lend(py: Python<'_>, shared: *mut ffi::PyObject) -> PyResult<Owned> {
    let last = LENT.take(py);
    // SAFETY: as promised by the caller.
    unsafe {
        match last {
            Some(last) if hold_the_same(last.as_ptr(), shared) => Ok(last),
            _ => copy_of(py, shared),
        }
    }
}

/// Takes back what was lent, unless the callback has changed it or somebody else has it now.
///
/// # Safety
/// `shared` is what it was lent for, and alive.
#[inline]
pub unsafe fn take_back(py: Python<'_>, lent: Owned, shared: *mut ffi::PyObject) {
    // SAFETY: as promised by the caller.
    if unsafe { ffi::Py_REFCNT(lent.as_ptr()) == 1 && hold_the_same(lent.as_ptr(), shared) } {
        LENT.put(py, lent);
    }
}

/// Lets go of the contexts that are kept for the next callback. For the end of each turn.
#[inline]
pub fn forget_contexts(py: Python<'_>) {
    ASKED.store(false, Ordering::Relaxed);
    drop((SNAPSHOT.take(py), LENT.take(py)));
}
