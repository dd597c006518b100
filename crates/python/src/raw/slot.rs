//! Where an instance of a Python class keeps its native half.

use std::sync::atomic::{AtomicIsize, AtomicPtr, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTypeInfo, ffi};

use super::Owned;

/// One entry of a Python class's `__slots__`, taken over by native code.
///
/// The class declares the slot, so that the interpreter makes room for it, visits it in garbage
/// collection and clears it at the end. Then [`claim`](Self::claim) removes its descriptor from the
/// class: from Python it can be neither read, set nor deleted. What stands in it is what native code
/// put there, unless a program has assigned to `__class__`: hence the look at its type.
pub struct NativeSlot {
    offset: AtomicIsize,
    /// The class that was claimed last; it lives for ever.
    class: AtomicPtr<ffi::PyTypeObject>,
    /// The class of the native half, which has no subclasses.
    native: AtomicPtr<ffi::PyTypeObject>,
    name: &'static str,
}

impl NativeSlot {
    /// For the slot of that name. Nothing works before it is claimed.
    pub const fn new(name: &'static str) -> Self {
        Self {
            offset: AtomicIsize::new(0),
            class: AtomicPtr::new(std::ptr::null_mut()),
            native: AtomicPtr::new(std::ptr::null_mut()),
            name,
        }
    }

    /// Takes the slot over from `class`, to hold objects of class `T`.
    ///
    /// Errors: `AttributeError`, `TypeError` if the class declares no such slot.
    pub fn claim<T: PyTypeInfo>(&self, class: &Bound<'_, PyType>) -> PyResult<()> {
        let descriptor = class.getattr(self.name)?;
        // SAFETY: a static type that lives as long as the interpreter.
        let expected = unsafe { PyType::from_borrowed_type_ptr(class.py(), &raw mut ffi::PyMemberDescr_Type) };
        if !descriptor.get_type().is(&expected) {
            return Err(PyTypeError::new_err(format!("{}.{} is no entry of __slots__", class.name()?, self.name)));
        }
        // SAFETY: its type says that it is a member descriptor, and those hold a member definition.
        let offset = unsafe { (*(*descriptor.as_ptr().cast::<ffi::PyMemberDescrObject>()).d_member).offset };
        class.delattr(self.name)?;
        self.offset.store(offset, Ordering::Relaxed);
        self.native.store(T::type_object_raw(class.py()), Ordering::Relaxed);
        self.class.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
        Ok(())
    }

    /// Errors: `TypeError` if `instance` is none of the class that [`claim`](Self::claim) was given.
    pub fn check(&self, instance: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.is_in(instance) { Ok(()) } else { Err(foreign(instance)) }
    }

    /// Whether `instance` is one of the class that [`claim`](Self::claim) was given, and so has the slot.
    pub fn is_in(&self, instance: &Bound<'_, PyAny>) -> bool {
        let class = self.class.load(Ordering::Relaxed);
        // SAFETY: the instance is alive; the class is null or a type that lives for ever.
        !class.is_null() && unsafe { ffi::PyObject_TypeCheck(instance.as_ptr(), class) } != 0
    }

    /// The class that [`claim`](Self::claim) was given; it lives for ever.
    ///
    /// Errors: `RuntimeError` if there was none.
    pub fn class(&self) -> PyResult<*mut ffi::PyTypeObject> {
        let class = self.class.load(Ordering::Relaxed);
        if class.is_null() { Err(missing()) } else { Ok(class) }
    }

    fn place(&self, instance: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
        // An instance of the class is that large at least, by the class's own layout.
        instance.wrapping_byte_offset(self.offset.load(Ordering::Relaxed)).cast()
    }

    /// Puts the native half in. It stays there for the instance's life.
    ///
    /// Errors: `RuntimeError` if there is one already (`__init__` called twice), `TypeError` as
    /// [`check`](Self::check).
    pub fn fill(&self, instance: &Bound<'_, PyAny>, native: Owned) -> PyResult<()> {
        self.check(instance)?;
        let place = self.place(instance.as_ptr());
        // SAFETY: the place belongs to the instance, whose class was looked at.
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

    /// The native half, of the class `T` that [`claim`](Self::claim) was given.
    ///
    /// Errors: `RuntimeError` if there is none (a subclass that does not call `__init__`, or an
    /// instance that the garbage collector has cleared).
    ///
    /// # Safety
    /// `instance` is a live instance of the class that [`claim`](Self::claim) was given, with this `T`.
    #[inline]
    pub unsafe fn get<'a, 'py, T: PyTypeInfo>(
        &self,
        py: Python<'py>,
        instance: *mut ffi::PyObject,
    ) -> PyResult<Borrowed<'a, 'py, T>> {
        // SAFETY: the place belongs to the instance, as promised by the caller, and holds null or an
        // object, of class T if its type is the one noted.
        unsafe {
            let native = *self.place(instance);
            if native.is_null() || ffi::Py_TYPE(native) != self.native.load(Ordering::Relaxed) {
                return Err(missing());
            }
            Ok(Borrowed::from_ptr(py, native).cast_unchecked())
        }
    }
}

#[cold]
fn foreign(instance: &Bound<'_, PyAny>) -> PyErr {
    match instance.get_type().fully_qualified_name() {
        Ok(name) => PyTypeError::new_err(format!("expected an object of rondel's own class, not of {name}")),
        Err(error) => error,
    }
}

#[cold]
fn missing() -> PyErr {
    PyRuntimeError::new_err("__init__() of this object's base class was not called")
}
