//! A bytes object that is filled in place.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

use super::Owned;

unsafe extern "C" {
    /// Public, but left out of `pyo3::ffi`.
    fn _PyBytes_Resize(bytes: *mut *mut ffi::PyObject, len: ffi::Py_ssize_t) -> std::ffi::c_int;
}

/// Makes a bytes object of what `fill` writes into memory of `room` bytes, one at least; `fill` gives how many bytes from
/// the start it has initialized. `None` for an empty object.
pub fn new_bytes(
    py: Python<'_>,
    room: usize,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> usize,
) -> PyResult<Option<Owned>> {
    let len = ffi::Py_ssize_t::try_from(room.max(2))?;
    // SAFETY: the GIL is held; without data the memory is left as it is.
    let object = unsafe { Owned::from_new(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), len)) }?;
    // SAFETY: nobody else knows of the new object, which has room for `len` bytes, more than one, so that it is none of
    // those that the interpreter shares.
    let memory = unsafe { std::slice::from_raw_parts_mut(ffi::PyBytes_AsString(object.as_ptr()).cast(), room.max(2)) };
    let filled = fill(memory).min(memory.len());
    if filled == 0 {
        return Ok(None);
    }
    let mut place = object.into_ptr();
    // SAFETY: ours is the only reference, which the call takes; it gives it back, or frees the object and sets an
    // exception and null.
    unsafe {
        _PyBytes_Resize(&raw mut place, ffi::Py_ssize_t::try_from(filled)?);
        Owned::from_new(py, place).map(Some)
    }
}
