//! Memory shown to the TLS library for the length of one call.

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::cell::GilCell;

/// Memory that may be read, or written to.
struct Memory {
    data: *mut u8,
    len: ffi::Py_ssize_t,
    writable: bool,
}

// SAFETY: an address; whoever shows the memory says for how long it may be used.
unsafe impl Send for Memory {}

/// An object whose buffer is whatever [`show`](Self::show) has set, and that for one use only.
///
/// A memoryview for each call would cost more than the call, and others could find it by `gc.get_objects()` and keep what it
/// shows. This object the collector doesn't know, and the function that it is passed to takes the buffer before it runs any
/// other code: from then on there is none to be had.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Window {
    memory: GilCell<Option<Memory>>,
}

impl Window {
    pub fn new(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Self { memory: GilCell::new(None) })
    }

    /// Calls a function that takes the buffer of the argument it is given: `len` bytes at `data`. Where the window is in
    /// use, by a call under way that has not come to take the buffer, the argument is a new one.
    ///
    /// # Safety
    /// The memory lives through the call, and nobody else writes to it meanwhile; `writable` only where the function may
    /// write to it. The function keeps no buffer when it has returned.
    #[inline]
    pub unsafe fn show<'py, R>(
        window: &Bound<'py, Self>,
        data: *const u8,
        len: usize,
        writable: bool,
        call: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<R>,
    ) -> PyResult<R> {
        let py = window.py();
        let memory = Memory { data: data.cast_mut(), len: ffi::Py_ssize_t::try_from(len)?, writable };
        let refused =
            window.get().memory.with(py, |place| if place.is_some() { Some(memory) } else { place.replace(memory) });
        match refused {
            None => {
                let _shut = Shut(window);
                call(window.as_any())
            }
            Some(memory) => {
                let other = Self::new(py)?;
                other.get().memory.with(py, |place| *place = Some(memory));
                let _shut = Shut(&other);
                call(other.as_any())
            }
        }
    }
}

/// Shows nothing any more at the end of its life.
struct Shut<'a, 'py>(&'a Bound<'py, Window>);

impl Drop for Shut<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.0.get().memory.with(self.0.py(), |place| *place = None);
    }
}

#[pymethods]
impl Window {
    /// # Safety
    /// `view` is to be filled, as the interpreter promises.
    unsafe fn __getbuffer__(slf: &Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: std::ffi::c_int) -> PyResult<()> {
        let py = slf.py();
        let Some(memory) = slf.get().memory.with(py, Option::take) else {
            return Err(PyBufferError::new_err("there is nothing to be seen"));
        };
        // SAFETY: the memory is what the caller of `show` has promised; `view` is to be filled.
        let filled = unsafe {
            let readonly = std::ffi::c_int::from(!memory.writable);
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), memory.data.cast(), memory.len, readonly, flags)
        };
        if filled < 0 { Err(PyErr::fetch(py)) } else { Ok(()) }
    }
}
