//! The attributes that asyncio's handle classes have, read-only.

use std::ffi::{CStr, c_void};

use pyo3::ffi;
use pyo3::prelude::*;

use super::class::Kind;
use super::fields::{Fields, Timer, UNSCHEDULED, peek};
use crate::raw::Owned;

/// A table of read-only attributes of one of the classes, ended by an empty entry; made once.
pub fn table(kind: Kind) -> *mut ffi::PyGetSetDef {
    fn entry(name: &'static CStr, get: ffi::getter) -> ffi::PyGetSetDef {
        ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(get),
            set: None,
            doc: std::ptr::null(),
            closure: std::ptr::null_mut(),
        }
    }
    let mut table = vec![
        entry(c"_loop", get::<EventLoop>),
        entry(c"_callback", get::<Callback>),
        entry(c"_args", get::<ArgsTuple>),
        entry(c"_context", get::<Context>),
        entry(c"_cancelled", get::<Cancelled>),
        entry(c"_source_traceback", get::<SourceTraceback>),
        entry(c"_repr", get::<Repr>),
    ];
    if kind == Kind::Timer {
        table.extend([entry(c"_when", get::<When>), entry(c"_scheduled", get::<Scheduled>)]);
    }
    table.push(ffi::PyGetSetDef::default());
    // The class has it for the life of the process.
    Box::leak(table.into_boxed_slice()).as_mut_ptr()
}

trait Attribute {
    /// # Safety
    /// `handle` is a live object of one of the two classes; for the attributes of timers, of theirs.
    unsafe fn value(py: Python<'_>, handle: *mut ffi::PyObject) -> PyResult<Option<Owned>>;
}

macro_rules! attributes {
    ($of:ident: $($name:ident: |$py:ident, $part:ident| $value:expr;)*) => {$(
        struct $name;
        impl Attribute for $name {
            unsafe fn value($py: Python<'_>, handle: *mut ffi::PyObject) -> PyResult<Option<Owned>> {
                // SAFETY: as promised by the caller.
                let $part = unsafe { $of::of(handle) };
                $value
            }
        }
    )*};
}

attributes! { Fields:
    EventLoop: |_py, fields| Ok(peek(&fields.event_loop));
    Callback: |_py, fields| Ok(peek(&fields.callback));
    Context: |py, fields| fields.own_context(py).map(|()| peek(&fields.context));
    SourceTraceback: |_py, fields| Ok(fields.scheduled_at());
    Repr: |_py, fields| Ok(fields.cancelled_repr());
    ArgsTuple: |py, fields| Ok(fields.args(py)?.map(|args| args.into_any().into()));
    Cancelled: |py, fields| truth(py, fields.cancelled());
}

attributes! { Timer:
    Scheduled: |py, timer| truth(py, timer.key.get() != UNSCHEDULED);
    When: |py, timer| match peek(&timer.when_object) {
        None => Ok(Some(timer.when.get().into_pyobject(py)?.into_any().into())),
        given => Ok(given),
    };
}

#[allow(clippy::unnecessary_wraps)] // the signature of an attribute's value
fn truth(py: Python<'_>, value: bool) -> PyResult<Option<Owned>> {
    Ok(Some(pyo3::types::PyBool::new(py, value).to_owned().into_any().into()))
}

unsafe extern "C" fn get<A: Attribute>(object: *mut ffi::PyObject, _closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the interpreter asks a live object of the class that has the attribute, with the GIL held.
    unsafe {
        let py = Python::assume_attached();
        match A::value(py, object) {
            Ok(Some(value)) => value.into_ptr(),
            Ok(None) => py.None().into_ptr(),
            Err(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}
