//! `contextvars.Context`, entered and left.

use std::marker::PhantomData;

use pyo3::ffi;
use pyo3::prelude::*;

use super::Owned;

/// A copy of the current context, as `contextvars.copy_context()`.
pub fn copy_context(py: Python<'_>) -> PyResult<Owned> {
    // SAFETY: the GIL is held; the call gives a new reference or sets an exception.
    unsafe { Owned::from_new(py, ffi::PyContext_CopyCurrent()) }
}

/// A copy of a context.
///
/// Errors: `TypeError` if `context` is none.
///
/// # Safety
/// It is a live object.
pub unsafe fn copy_of(py: Python<'_>, context: *mut ffi::PyObject) -> PyResult<Owned> {
    // SAFETY: as promised by the caller; its type is checked by the call.
    unsafe { Owned::from_new(py, ffi::PyContext_Copy(context)) }
}

/// A context is current for as long as this lives.
pub struct Entered<'a, 'py>(*mut ffi::PyObject, PhantomData<(&'a Owned, Python<'py>)>);

impl<'a, 'py> Entered<'a, 'py> {
    /// Makes `context` the current one.
    ///
    /// Errors: `RuntimeError` if it is entered already, `TypeError` if it is no context.
    #[inline]
    pub fn new(py: Python<'py>, context: &'a Owned) -> PyResult<Self> {
        // SAFETY: the GIL is held; the object is alive, and its type is checked by the call.
        if unsafe { ffi::PyContext_Enter(context.as_ptr()) } < 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(Self(context.as_ptr(), PhantomData))
    }
}

impl Drop for Entered<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the GIL is held ('py), the context is alive ('a) and was entered by this thread. No
        // exception may be set during the call, and none is: whoever ran in the context has fetched
        // it. It fails only if somebody else has left the context, and then it is left.
        unsafe {
            if ffi::PyContext_Exit(self.0) < 0 {
                ffi::PyErr_Clear();
            }
        }
    }
}
