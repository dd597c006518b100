//! What other native parts use of a stream transport.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::chunk::Chunk;
use super::write::write_bytes;
use super::{SLOT, Stream, stream_of};
use crate::raw::Owned;

/// The native half of a transport of ours; `None` for any other object.
pub fn native_of(transport: &Bound<'_, PyAny>) -> Option<Owned> {
    if !SLOT.is_in(transport) {
        return None;
    }
    // SAFETY: it is an instance of the class, and alive.
    let stream = unsafe { stream_of(transport.py(), transport.as_ptr()) }.ok()?;
    Some(stream.to_owned().into_any().into())
}

/// Sends a bytes object as `transport.write` does.
#[inline]
pub fn write_shared(stream: &Bound<'_, Stream>, bytes: &Bound<'_, PyBytes>) -> PyResult<()> {
    write_bytes(stream, bytes.as_bytes(), |sent| (Chunk::shared(bytes), sent))
}
