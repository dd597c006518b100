//! Whether anybody listens to audit events (PEP 578).

use std::ffi::{c_char, c_int, c_void};

use pyo3::ffi;
use pyo3::prelude::*;

unsafe extern "C" {
    /// Public, but left out of `pyo3::ffi`.
    fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
}

/// Whether there are audit hooks. They are told of sockets by Python's socket objects: where there are some, each
/// connection gets one at once.
///
/// The interpreter makes the arguments of an event only for a hook. So one is offered that has none: to be asked for them
/// is the answer, and no hook hears of it.
pub fn is_heard(_py: Python<'_>) -> bool {
    let mut heard = false;
    // SAFETY: the GIL is held, and no exception is set. The format is that of one value, which the function makes of the
    // pointer; the flag lives through the call.
    unsafe {
        if PySys_Audit(c"socket.__new__".as_ptr(), c"O&".as_ptr(), decline as *const c_void, &raw mut heard) < 0 {
            ffi::PyErr_Clear();
        }
    }
    heard
}

/// Notes that it was called, and fails.
unsafe extern "C" fn decline(heard: *mut bool) -> *mut ffi::PyObject {
    // SAFETY: the pointer is that given above; the GIL is held, and the exception's class lives for ever.
    unsafe {
        *heard = true;
        ffi::PyErr_SetNone(ffi::PyExc_RuntimeError);
    }
    std::ptr::null_mut()
}
