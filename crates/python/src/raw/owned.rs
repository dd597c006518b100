//! A strong reference that is cheap to drop.

use std::mem::ManuallyDrop;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit, ffi};

/// A strong reference, to be cloned and dropped only while the GIL is held.
///
/// `Py` may be dropped anywhere: it looks up whether the thread is attached each time, and where
/// `PyO3` does not know (as in our raw methods) it queues the reference for later, which would keep
/// dropped objects alive. All our references live inside objects that the interpreter destroys, so
/// they can do without.
#[derive(Debug)]
#[repr(transparent)]
pub struct Owned(ManuallyDrop<Py<PyAny>>);

impl Owned {
    /// Takes over a new reference, or the exception that stands in its place.
    ///
    /// # Safety
    /// `object` is a new reference or null, and in the latter case an exception is set.
    pub unsafe fn from_new(py: Python<'_>, object: *mut ffi::PyObject) -> PyResult<Self> {
        // SAFETY: as promised by the caller.
        let object = unsafe { Bound::from_owned_ptr_or_err(py, object) }?;
        Ok(Self::from(object))
    }

    /// A new reference to a borrowed object.
    ///
    /// # Safety
    /// `object` points to a live object, and the GIL is held.
    #[inline]
    pub unsafe fn from_borrowed(py: Python<'_>, object: *mut ffi::PyObject) -> Self {
        // SAFETY: as promised by the caller.
        Self::from(unsafe { Borrowed::from_ptr(py, object) }.to_owned())
    }

    /// The address, without a reference of its own.
    #[inline]
    pub fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    #[inline]
    pub fn into_ptr(self) -> *mut ffi::PyObject {
        let ptr = self.0.as_ptr();
        std::mem::forget(self);
        ptr
    }

    /// A view for `PyO3`'s safe methods.
    #[inline]
    pub fn bind<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyAny> {
        self.0.bind(py)
    }

    /// Shows the reference to the garbage collector.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*self.0)
    }
}

impl<'py> IntoPyObject<'py> for Owned {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = std::convert::Infallible;

    #[inline]
    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        // SAFETY: the reference is ours, and given away; the GIL is held ('py).
        Ok(unsafe { Bound::from_owned_ptr(py, self.into_ptr()) })
    }
}

impl From<Bound<'_, PyAny>> for Owned {
    #[inline]
    fn from(object: Bound<'_, PyAny>) -> Self {
        Self(ManuallyDrop::new(object.unbind()))
    }
}

impl Clone for Owned {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: the type's contract: the GIL is held.
        let py = unsafe { Python::assume_attached() };
        Self(ManuallyDrop::new(self.0.clone_ref(py)))
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the type's contract: the GIL is held; the reference is ours, and used no more.
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) };
    }
}

// SAFETY: a reference is a pointer; the type's contract says where it may be used, and the GIL that
// this needs orders all use.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}
