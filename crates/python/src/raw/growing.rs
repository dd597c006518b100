//! A bytes object that is filled bit by bit.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Owned;

unsafe extern "C" {
    /// Public, but left out of `pyo3::ffi`.
    fn _PyBytes_Resize(bytes: *mut *mut ffi::PyObject, len: ffi::Py_ssize_t) -> std::ffi::c_int;
}

/// A bytes object that nobody else knows of yet, and what of it is filled.
#[derive(Debug)]
pub struct Growing {
    /// None after it could not be made larger.
    object: Option<Owned>,
    room: usize,
    filled: usize,
}

impl Growing {
    /// An empty one, with room for so many bytes at least.
    ///
    /// Errors: `MemoryError`.
    pub fn new(py: Python<'_>, room: usize) -> PyResult<Self> {
        let room = room.max(2); // shorter ones are the interpreter's, and shared
        let len = ffi::Py_ssize_t::try_from(room)?;
        // SAFETY: the GIL is held; without data the memory is left as it is.
        let object = unsafe { Owned::from_new(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), len)) }?;
        Ok(Self { object: Some(object), room, filled: 0 })
    }

    /// Bytes that are filled.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Bytes that there is room for, beside those that are filled.
    pub fn room(&self) -> usize {
        self.room - self.filled
    }

    /// What is filled.
    pub fn bytes(&self, _py: Python<'_>) -> &[u8] {
        let Some(object) = &self.object else { return &[] };
        // SAFETY: so many bytes of the object are initialized, and it is alive as long as this.
        unsafe { std::slice::from_raw_parts(ffi::PyBytes_AsString(object.as_ptr()).cast(), self.filled) }
    }

    /// Has `fill` write behind what is filled; it gives how many bytes it has initialized, and what the caller wants.
    pub fn fill<T>(&mut self, _py: Python<'_>, fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> (usize, T)) -> T {
        let memory = match &self.object {
            // SAFETY: nobody else knows of the object, which has room for so many bytes, more than one, so that it is none
            // of those that the interpreter shares.
            Some(object) => unsafe {
                let start = ffi::PyBytes_AsString(object.as_ptr()).cast::<MaybeUninit<u8>>();
                std::slice::from_raw_parts_mut(start.add(self.filled), self.room - self.filled)
            },
            None => &mut [],
        };
        let most = memory.len();
        let (count, result) = fill(memory);
        self.filled += count.min(most);
        result
    }

    /// Appends as much of `data` as there is room for.
    pub fn push(&mut self, py: Python<'_>, data: &[u8]) {
        self.fill(py, |memory| {
            let count = data.len().min(memory.len());
            memory[..count].write_copy_of_slice(&data[..count]);
            (count, ())
        });
    }

    /// Makes it one for `room` bytes in all; no fewer than are filled.
    ///
    /// Errors: `MemoryError`; it is empty then.
    pub fn resize(&mut self, py: Python<'_>, room: usize) -> PyResult<()> {
        let room = room.max(self.filled).max(2);
        let len = ffi::Py_ssize_t::try_from(room)?;
        if room == self.room {
            return Ok(());
        }
        let Some(object) = self.object.take() else { return Ok(()) };
        let mut place = object.into_ptr();
        let filled = std::mem::take(&mut self.filled);
        self.room = 0;
        // SAFETY: ours is the only reference, which the call takes; it gives it back, or frees the object and sets an
        // exception and null.
        let object = unsafe {
            _PyBytes_Resize(&raw mut place, len);
            Owned::from_new(py, place)
        }?;
        (self.object, self.room, self.filled) = (Some(object), room, filled);
        Ok(())
    }

    /// An object of just what is filled.
    pub fn finish(self, py: Python<'_>) -> PyResult<Owned> {
        let Self { object, room, filled } = self;
        let Some(object) = object.filter(|_| filled != 0) else { return Ok(PyBytes::new(py, b"").into_any().into()) };
        if filled == room {
            return Ok(object);
        }
        let len = ffi::Py_ssize_t::try_from(filled)?;
        let mut place = object.into_ptr();
        // SAFETY: as in `resize`.
        unsafe {
            _PyBytes_Resize(&raw mut place, len);
            Owned::from_new(py, place)
        }
    }
}
