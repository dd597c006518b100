//! Bytes that wait to be sent.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::raw::Owned;

/// Keeps bytes alive until they are sent.
#[derive(Debug)]
pub enum Chunk {
    /// An immutable `bytes` object, shared with the caller of `write`.
    Shared { object: Owned, data: *const u8, len: usize },
    /// A copy of a buffer that its owner may change.
    Copied(Vec<u8>),
}

// SAFETY: the pointer is into the immutable memory of the object that stands beside it.
unsafe impl Send for Chunk {}

impl Chunk {
    /// Shares a `bytes` object.
    pub fn shared(bytes: &Bound<'_, PyBytes>) -> Self {
        let data = bytes.as_bytes();
        Self::Shared { data: data.as_ptr(), len: data.len(), object: bytes.clone().into_any().into() }
    }

    /// The Python object held, if there is one.
    pub fn object(&self) -> Option<&Owned> {
        match self {
            Self::Shared { object, .. } => Some(object),
            Self::Copied(_) => None,
        }
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        match self {
            // SAFETY: data and length are those of the bytes object, which is immutable, never
            // moves, and is alive as long as this.
            Self::Shared { data, len, .. } => unsafe { std::slice::from_raw_parts(*data, *len) },
            Self::Copied(bytes) => bytes,
        }
    }
}

/// The memory of a bytes-like object, for as long as this lives.
pub struct View(ffi::Py_buffer);

impl View {
    /// Errors: `BufferError` if the memory is not contiguous, `TypeError` if there is none.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut view = ffi::Py_buffer::new();
        // SAFETY: the GIL is held, the object alive, and `view` is written by the call when it gives
        // zero.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view, ffi::PyBUF_SIMPLE) } < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(Self(view))
    }

    /// The bytes. Python code that runs meanwhile could change them: none does.
    pub fn bytes(&self) -> &[u8] {
        let len = usize::try_from(self.0.len).unwrap_or(0);
        if len == 0 {
            return &[];
        }
        // SAFETY: the export pins so many bytes there until it is released.
        unsafe { std::slice::from_raw_parts(self.0.buf.cast(), len) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the GIL is held where a view is used; it was filled by PyObject_GetBuffer.
        unsafe { ffi::PyBuffer_Release(&raw mut self.0) };
    }
}
