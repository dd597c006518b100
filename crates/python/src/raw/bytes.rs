//! Bytes objects that are filled in place, or used again.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{Growing, Owned};

/// Makes a bytes object of what `fill` writes into memory of `room` bytes, one at least; `fill` gives how many bytes from
/// the start it has initialized. `None` for an empty object.
pub fn new_bytes(
    py: Python<'_>,
    room: usize,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> usize,
) -> PyResult<Option<Owned>> {
    let mut made = Growing::new(py, room)?;
    made.fill(py, |memory| (fill(memory), ()));
    if made.len() == 0 { Ok(None) } else { made.finish(py).map(Some) }
}

/// A bytes object that nobody has any more, to be used again.
///
/// Above 1032 bytes, memory costs glibc several times as much as below, and a message more than anything else that is
/// done for it natively. The object that stands by is one at most, and small enough not to matter.
#[derive(Debug, Default)]
pub struct SpareBytes(Option<Lent>);

/// A bytes object, to be given back.
#[derive(Debug)]
pub struct Lent {
    object: Owned,
    /// For how many bytes the object was made.
    room: usize,
}

impl SpareBytes {
    /// An object of `data`, which must not be longer than is to be kept. Runs no Python code.
    #[inline]
    pub fn lend(&mut self, py: Python<'_>, data: &[u8]) -> Lent {
        match self.0.take_if(|spare| spare.fits(data.len())) {
            Some(spare) => {
                // SAFETY: nobody else has a reference, as it stood here; the room is enough.
                unsafe { spare.overwrite(data) };
                spare
            }
            None => Lent { object: PyBytes::new(py, data).into_any().into(), room: data.len() },
        }
    }

    /// Takes an object back that nobody else has kept, and gives what is to be dropped.
    #[inline]
    pub fn take_back(&mut self, lent: Lent) -> Option<Lent> {
        // Shorter ones are the interpreter's, and shared.
        if lent.room > 1 && lent.is_ours_alone() { self.0.replace(lent) } else { Some(lent) }
    }
}

impl Lent {
    /// The object, whole as any other.
    #[inline]
    pub fn object(&self) -> &Owned {
        &self.object
    }

    /// Whoever keeps the object keeps its room, too: it may be larger by little.
    #[inline]
    fn fits(&self, len: usize) -> bool {
        len <= self.room && self.room - len <= self.room / 16
    }

    #[inline]
    fn is_ours_alone(&self) -> bool {
        // SAFETY: the GIL is held where a reference is used, and the object is alive.
        (unsafe { ffi::Py_REFCNT(self.object.as_ptr()) }) == 1
    }

    /// Makes the object one of `data`.
    ///
    /// # Safety
    /// It was made for that many bytes at least, and for two, and nobody else has a reference to it.
    #[inline]
    #[allow(deprecated)] // the hash that the object remembers: who reuses it must forget it
    unsafe fn overwrite(&self, data: &[u8]) {
        let bytes = self.object.as_ptr().cast::<ffi::PyBytesObject>();
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
}

impl From<Owned> for Lent {
    /// One that is not used again.
    fn from(object: Owned) -> Self {
        Self { object, room: 0 }
    }
}
