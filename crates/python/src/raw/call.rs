//! Calls without an argument tuple.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use super::Owned;

/// Calls `callable` with the positional arguments `args[1..]`, then one value a name of `names`.
/// `args[0]` is scratch space that the callee may use (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
///
/// # Safety
/// All pointers but the first are of live objects that stay alive through the call.
#[inline]
pub unsafe fn call(
    py: Python<'_>,
    callable: *mut ffi::PyObject,
    args: &mut [*mut ffi::PyObject],
    names: Option<&Bound<'_, PyTuple>>,
) -> PyResult<Owned> {
    let keywords = names.map_or(0, PyTupleMethods::len);
    let positional = args.len() - 1 - keywords;
    // SAFETY: the GIL is held; the arguments are as the convention wants them, as promised by the
    // caller.
    unsafe {
        let result = ffi::PyObject_Vectorcall(
            callable,
            args.as_mut_ptr().add(1),
            positional | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            names.map_or(std::ptr::null_mut(), Bound::as_ptr),
        );
        Owned::from_new(py, result)
    }
}

/// Calls the method `name` of `args[0]` with the arguments `args[1..]`.
#[inline]
pub fn call_method<const N: usize>(name: &Bound<'_, PyString>, args: [&Bound<'_, PyAny>; N]) -> PyResult<Owned> {
    let mut values = args.map(Bound::as_ptr);
    // SAFETY: the GIL is held; the values are N live objects, of which the first is the one called.
    unsafe {
        let result = ffi::PyObject_VectorcallMethod(
            name.as_ptr(),
            values.as_mut_ptr(),
            N | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            std::ptr::null_mut(),
        );
        Owned::from_new(name.py(), result)
    }
}
