//! What a handle holds.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::raw::Owned;

/// So many arguments stand in the handle itself; more are kept as a tuple. `call_soon(f)` and
/// `call_soon(f, future)` are nearly all there is.
pub const INLINE: usize = 2;

/// The native part of a handle, behind the fields of its Python base class. All-zero memory is an
/// empty one.
#[repr(C)]
#[derive(Default)]
pub struct Fields {
    pub event_loop: Cell<Option<Owned>>,
    pub callback: Cell<Option<Owned>>,
    pub context: Cell<Option<Owned>>,
    /// Filled from the front.
    pub inline: [Cell<Option<Owned>>; INLINE],
    /// All arguments, if there are more than [`INLINE`].
    pub tuple: Cell<Option<Owned>>,
    /// In debug mode, where the callback was scheduled.
    pub source_traceback: Cell<Option<Owned>>,
    /// In debug mode, what a cancelled handle was.
    pub repr: Cell<Option<Owned>>,
    /// The driver's key of the timer, once there is one.
    pub timer: Cell<u64>,
    /// When the timer is due, as `loop.time()` would say it.
    pub when: Cell<f64>,
    /// The object that `call_at` was given for it, unless it was a float.
    pub when_object: Cell<Option<Owned>>,
    pub scheduled: Cell<bool>,
    pub cancelled: Cell<bool>,
}

static OFFSET: AtomicIsize = AtomicIsize::new(0);

impl Fields {
    /// Says where in a handle the fields begin: where the larger of the two base classes ends.
    pub fn set_offset(offset: isize) {
        OFFSET.store(offset, Ordering::Relaxed);
    }

    /// The fields of `handle`.
    ///
    /// # Safety
    /// `handle` points to a live object of one of the two handle classes, whose life covers `'a`.
    #[inline]
    pub unsafe fn of<'a>(handle: *mut ffi::PyObject) -> &'a Self {
        // SAFETY: both classes have room for the fields there, zeroed when the object was made.
        unsafe { &*handle.byte_offset(OFFSET.load(Ordering::Relaxed)).cast::<Self>() }
    }

    /// All arguments as a tuple; `None` for a handle that has dropped them.
    pub fn args<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        if peek(&self.callback).is_none() {
            return Ok(None);
        }
        if let Some(tuple) = peek(&self.tuple) {
            return Ok(Some(tuple.bind(py).cast::<PyTuple>()?.clone()));
        }
        let args = self.inline.iter().map_while(peek);
        let args: Vec<Bound<'py, PyAny>> = args.map(|arg| arg.bind(py).clone()).collect();
        PyTuple::new(py, args).map(Some)
    }

    /// Drops callback and arguments.
    pub fn release_callback(&self) {
        let taken = (self.callback.take(), self.tuple.take());
        for arg in &self.inline {
            drop(arg.take());
        }
        drop(taken);
    }

    /// Drops everything.
    pub fn release(&self) {
        self.release_callback();
        drop(self.context.take());
        drop(self.event_loop.take());
        drop(self.source_traceback.take());
        drop(self.repr.take());
        drop(self.when_object.take());
    }

    /// All references, for garbage collection.
    pub fn references(&self) -> impl Iterator<Item = &Cell<Option<Owned>>> {
        let own = [
            &self.event_loop,
            &self.callback,
            &self.context,
            &self.tuple,
            &self.source_traceback,
            &self.repr,
            &self.when_object,
        ];
        own.into_iter().chain(&self.inline)
    }
}

/// A second reference to what stands in `cell`.
#[inline]
pub fn peek(cell: &Cell<Option<Owned>>) -> Option<Owned> {
    // SAFETY: the GIL is held (the contract of `Owned`), and a clone runs no code that could write
    // to the cell meanwhile.
    unsafe { (*cell.as_ptr()).clone() }
}
