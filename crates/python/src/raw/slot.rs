//! Where an instance of a Python class keeps its native half.

use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTypeInfo, ffi};

use super::Owned;

/// One entry of a Python class's `__slots__`, taken over by native code.
///
/// The class declares the slot, so that the interpreter makes room for it, visits it in garbage
/// collection and clears it at the end. Then [`claim`](Self::claim) removes its descriptor from the
/// class: from Python it can be neither read, set nor deleted, so that whatever stands in it is
/// what native code put there.
pub struct NativeSlot {
    offset: AtomicIsize,
    name: &'static str,
}

impl NativeSlot {
    /// For the slot of that name. Nothing works before it is claimed.
    pub const fn new(name: &'static str) -> Self {
        Self { offset: AtomicIsize::new(0), name }
    }

    /// Takes the slot over from `class`.
    ///
    /// Errors: `AttributeError`, `TypeError` if the class declares no such slot.
    pub fn claim(&self, class: &Bound<'_, PyType>) -> PyResult<()> {
        let descriptor = class.getattr(self.name)?;
        // SAFETY: a static type that lives as long as the interpreter.
        let expected = unsafe { PyType::from_borrowed_type_ptr(class.py(), &raw mut ffi::PyMemberDescr_Type) };
        if !descriptor.get_type().is(&expected) {
            return Err(pyo3::exceptions::PyTypeError::new_err(format!(
                "{}.{} is no entry of __slots__",
                class.name()?,
                self.name
            )));
        }
        // SAFETY: its type says that it is a member descriptor, and those hold a member definition.
        let offset = unsafe { (*(*descriptor.as_ptr().cast::<ffi::PyMemberDescrObject>()).d_member).offset };
        class.delattr(self.name)?;
        self.offset.store(offset, Ordering::Relaxed);
        Ok(())
    }

    fn place(&self, instance: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
        // An instance of the class is that large at least, by the class's own layout.
        instance.wrapping_byte_offset(self.offset.load(Ordering::Relaxed)).cast()
    }

    /// Puts the native half in. It stays there for the instance's life.
    ///
    /// Errors: `RuntimeError` if there is one already (`__init__` called twice).
    ///
    /// # Safety
    /// `instance` is an instance of the class that [`claim`](Self::claim) was given.
    pub unsafe fn fill(&self, instance: &Bound<'_, PyAny>, native: Owned) -> PyResult<()> {
        let place = self.place(instance.as_ptr());
        // SAFETY: the place belongs to the instance, as promised by the caller.
        unsafe {
            if !(*place).is_null() {
                return Err(PyRuntimeError::new_err(format!(
                    "{}.__init__() was called twice",
                    instance.get_type().name()?
                )));
            }
            *place = native.into_ptr();
        }
        Ok(())
    }

    /// The native half, of the class `T` that [`fill`](Self::fill) was given.
    ///
    /// Errors: `RuntimeError` if there is none (a subclass that does not call `__init__`, or an
    /// instance that the garbage collector has cleared).
    ///
    /// # Safety
    /// `instance` is a live instance of the class that [`claim`](Self::claim) was given, and only
    /// objects of class `T` were filled in.
    #[inline]
    pub unsafe fn get<'a, 'py, T: PyTypeInfo>(
        &self,
        py: Python<'py>,
        instance: *mut ffi::PyObject,
    ) -> PyResult<Borrowed<'a, 'py, T>> {
        // SAFETY: the place belongs to the instance and holds null or an object of class T, as
        // promised by the caller.
        unsafe {
            let native = *self.place(instance);
            if native.is_null() { Err(missing()) } else { Ok(Borrowed::from_ptr(py, native).cast_unchecked()) }
        }
    }
}

#[cold]
fn missing() -> PyErr {
    PyRuntimeError::new_err("__init__() of this object's base class was not called")
}
