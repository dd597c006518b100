//! Bytes objects that are filled in place, or used again.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

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

/// The bytes object made last, to be used again once nobody else has it: one that a protocol has looked at and let go.
///
/// Above 1032 bytes, memory costs glibc several times as much as below, and a message more than anything else that is
/// done for it natively. The object that stands by is one at most, and small enough not to matter.
#[derive(Debug, Default)]
pub struct SpareBytes {
    object: Option<Owned>,
    /// For how many bytes the object was made.
    room: usize,
}

impl SpareBytes {
    /// An object of `data`, which must not be longer than is to be kept. Runs no Python code.
    #[inline]
    pub fn make(&mut self, py: Python<'_>, data: &[u8]) -> Owned {
        match &self.object {
            Some(object) if self.fits(data.len()) && Self::is_ours_alone(object) => {
                // SAFETY: nobody else has a reference; the room is enough.
                unsafe { Self::overwrite(object, data) };
                object.clone()
            }
            _ => self.make_new(py, data),
        }
    }

    /// Whoever keeps the object keeps its room, too: it may be larger by little.
    #[inline]
    fn fits(&self, len: usize) -> bool {
        len <= self.room && self.room - len <= self.room / 16
    }

    #[inline]
    fn is_ours_alone(object: &Owned) -> bool {
        // SAFETY: the GIL is held where a reference is used, and the object is alive.
        (unsafe { ffi::Py_REFCNT(object.as_ptr()) }) == 1
    }

    /// Makes the object one of `data`.
    ///
    /// # Safety
    /// It is a bytes object made for that many bytes at least, and for two, to which nobody else has a reference.
    #[inline]
    #[allow(deprecated)] // the hash that the object remembers: who reuses it must forget it
    unsafe fn overwrite(object: &Owned, data: &[u8]) {
        let bytes = object.as_ptr().cast::<ffi::PyBytesObject>();
        // SAFETY: as promised by the caller, who has all that is to be known of the object: it is as new. Behind the
        // bytes there is room for the zero that ends them.
        unsafe {
            (*bytes).ob_base.ob_size = data.len().cast_signed();
            (*bytes).ob_shash = -1;
            let memory = (&raw mut (*bytes).ob_sval).cast::<u8>();
            memory.copy_from_nonoverlapping(data.as_ptr(), data.len());
            memory.add(data.len()).write(0);
        }
    }

    fn make_new(&mut self, py: Python<'_>, data: &[u8]) -> Owned {
        let object: Owned = PyBytes::new(py, data).into_any().into();
        // Shorter ones are the interpreter's, and shared.
        if data.len() > 1 {
            (self.object, self.room) = (Some(object.clone()), data.len());
        }
        object
    }
}
