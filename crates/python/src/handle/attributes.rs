//! The attributes that asyncio's handle classes have, read-only.

use std::ffi::{CStr, c_void};

use pyo3::ffi;
use pyo3::prelude::*;

use super::fields::{Fields, peek};
use crate::raw::Owned;

/// A table of read-only attributes, ended by an empty entry; made once.
pub fn table() -> *mut ffi::PyGetSetDef {
    fn entry(name: &'static CStr, get: ffi::getter) -> ffi::PyGetSetDef {
        ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(get),
            set: None,
            doc: std::ptr::null(),
            closure: std::ptr::null_mut(),
        }
    }
    let table = vec![
        entry(c"_loop", get::<EventLoop>),
        entry(c"_callback", get::<Callback>),
        entry(c"_args", get::<ArgsTuple>),
        entry(c"_context", get::<Context>),
        entry(c"_cancelled", get::<Cancelled>),
        entry(c"_source_traceback", get::<SourceTraceback>),
        entry(c"_repr", get::<Repr>),
        entry(c"_when", get::<When>),
        entry(c"_scheduled", get::<Scheduled>),
        ffi::PyGetSetDef::default(),
    ];
    // Two classes share it for the life of the process.
    Box::leak(table.into_boxed_slice()).as_mut_ptr()
}

trait Attribute {
    fn value(py: Python<'_>, fields: &Fields) -> PyResult<Option<Owned>>;
}

macro_rules! attributes {
    ($($name:ident: |$py:ident, $fields:ident| $value:expr;)*) => {$(
        struct $name;
        impl Attribute for $name {
            fn value($py: Python<'_>, $fields: &Fields) -> PyResult<Option<Owned>> { $value }
        }
    )*};
}

attributes! {
    EventLoop: |_py, fields| Ok(peek(&fields.event_loop));
    Callback: |_py, fields| Ok(peek(&fields.callback));
    Context: |_py, fields| Ok(peek(&fields.context));
    SourceTraceback: |_py, fields| Ok(peek(&fields.source_traceback));
    Repr: |_py, fields| Ok(peek(&fields.repr));
    ArgsTuple: |py, fields| Ok(fields.args(py)?.map(|args| args.into_any().into()));
    Cancelled: |py, fields| truth(py, fields.cancelled.get());
    Scheduled: |py, fields| truth(py, fields.scheduled.get());
    When: |py, fields| match peek(&fields.when_object) {
        None => Ok(Some(fields.when.get().into_pyobject(py)?.into_any().into())),
        given => Ok(given),
    };
}

#[allow(clippy::unnecessary_wraps)] // the signature of an attribute's value
fn truth(py: Python<'_>, value: bool) -> PyResult<Option<Owned>> {
    Ok(Some(pyo3::types::PyBool::new(py, value).to_owned().into_any().into()))
}

unsafe extern "C" fn get<A: Attribute>(object: *mut ffi::PyObject, _closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the interpreter asks a live object of one of the two classes, with the GIL held.
    unsafe {
        let py = Python::assume_attached();
        match A::value(py, Fields::of(object)) {
            Ok(Some(value)) => value.into_ptr(),
            Ok(None) => py.None().into_ptr(),
            Err(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}
