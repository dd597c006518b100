//! Methods in the interpreter's own calling conventions, attached to a Python class.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use super::Owned;

/// A native method to be. `make` from [`fast`], [`one_arg`] or [`noargs`].
pub struct Method(ffi::PyMethodDef);

// SAFETY: a definition is constant: names, a function's address and flags.
unsafe impl Sync for Method {}

impl Method {
    /// Makes the method an attribute of `class`, of the type that methods written in C have. It is
    /// called with instances of `class` only: the interpreter checks that.
    pub fn attach(&'static self, class: &Bound<'_, PyType>) -> PyResult<()> {
        let py = class.py();
        // SAFETY: the class is a type, and the definition lives for ever and is never written to.
        let method = unsafe {
            Owned::from_new(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), (&raw const self.0).cast_mut()))?
        };
        // SAFETY: the name is a static C string.
        let name = unsafe { CStr::from_ptr(self.0.ml_name) };
        class.setattr(name.to_string_lossy().as_ref(), method.bind(py))
    }
}

/// The arguments of a call: borrowed, positional ones first, then the values of keywords.
#[derive(Clone, Copy)]
pub struct Args<'a, 'py> {
    py: Python<'py>,
    values: &'a [*mut ffi::PyObject],
    positional: usize,
    keywords: Option<Borrowed<'a, 'py, PyTuple>>,
}

impl<'a, 'py> Args<'a, 'py> {
    /// Positional arguments. They live at least as long as the call.
    #[inline]
    pub fn positional(&self) -> &'a [*mut ffi::PyObject] {
        &self.values[..self.positional]
    }

    /// Whether there are keywords.
    #[inline]
    pub fn has_keywords(&self) -> bool {
        self.keywords.is_some()
    }

    /// Names and values of the keywords.
    #[inline]
    pub fn keywords(&self) -> impl Iterator<Item = (Bound<'py, PyAny>, Borrowed<'a, 'py, PyAny>)> {
        let (py, names) = (self.py, self.keywords);
        let values = if names.is_some() { &self.values[self.positional..] } else { &[] };
        values.iter().enumerate().filter_map(move |(place, &value)| {
            // SAFETY: the interpreter passes live objects, which the caller keeps through the call, and as many names
            // as there are values behind the positional ones.
            unsafe {
                let name = names?.get_borrowed_item_unchecked(place).to_owned();
                Some((name, Borrowed::from_ptr(py, value)))
            }
        })
    }

    /// The same arguments for a method of one, which is given by its place or by its name.
    ///
    /// Errors: `TypeError` for any others.
    #[inline]
    pub fn sole(self, method: &str, argument: &str) -> PyResult<Self> {
        if self.values.len() == 1 && self.positional == 1 { Ok(self) } else { self.sole_by_name(method, argument) }
    }

    #[cold]
    fn sole_by_name(self, method: &str, argument: &str) -> PyResult<Self> {
        if self.positional > 1 {
            let text = format!("{method}() takes 2 positional arguments but {} were given", self.positional + 1);
            return Err(PyTypeError::new_err(text));
        }
        for (name, _) in self.keywords() {
            if !name.eq(argument)? {
                return Err(Self::unexpected(method, &name));
            }
        }
        match self.values.len() {
            0 => Err(Self::missing(method, argument)),
            1 => Ok(Self { positional: 1, keywords: None, ..self }),
            _ => {
                let text = format!("{method}() got multiple values for argument '{argument}'");
                Err(PyTypeError::new_err(text))
            }
        }
    }

    /// The interpreter's token.
    #[inline]
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// The error of a call with a keyword that the method `name` does not have.
    #[cold]
    pub fn unexpected(name: &str, keyword: &Bound<'_, PyAny>) -> PyErr {
        PyTypeError::new_err(format!("{name}() got an unexpected keyword argument '{keyword}'"))
    }

    /// The error of a call without the argument `argument`.
    #[cold]
    pub fn missing(name: &str, argument: &str) -> PyErr {
        PyTypeError::new_err(format!("{name}() missing 1 required positional argument: '{argument}'"))
    }
}

/// What a native method computes: `(self, arguments)`. `self` is a live instance of the class.
pub trait Body: Fn(*mut ffi::PyObject, Args<'_, '_>) -> PyResult<Owned> + Copy {}
impl<F: Fn(*mut ffi::PyObject, Args<'_, '_>) -> PyResult<Owned> + Copy> Body for F {}

/// Turns a result into what the interpreter wants, and a panic into an exception.
#[inline]
fn finish(py: Python<'_>, run: impl FnOnce() -> PyResult<Owned>) -> *mut ffi::PyObject {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => value.into_ptr(),
        Ok(Err(error)) => {
            error.restore(py);
            std::ptr::null_mut()
        }
        Err(panic) => {
            our_bug(panic.as_ref()).restore(py);
            std::ptr::null_mut()
        }
    }
}

#[cold]
fn our_bug(panic: &(dyn std::any::Any + Send)) -> PyErr {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    PyRuntimeError::new_err(format!("this is a bug of rondel, please report it: {what}"))
}

/// The one value of a zero-sized function type.
fn the<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "a method's body must not capture anything") };
    // SAFETY: the type has no bytes, so all its values are alike; F is Copy, so another one harms
    // nobody, and whoever names F has had a value of it.
    unsafe { std::mem::zeroed() }
}

unsafe extern "C" fn fast_entry<F: Body>(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls methods with the GIL held; in the convention of
    // METH_FASTCALL | METH_KEYWORDS, `args` has `nargs` values and one more for each name, all
    // borrowed for the call, and `names` is null or a tuple.
    unsafe {
        let py = Python::assume_attached();
        let positional = usize::try_from(nargs).unwrap_or(0);
        let keywords = (!names.is_null()).then(|| Borrowed::from_ptr(py, names).cast_unchecked::<PyTuple>());
        let count = positional + keywords.map_or(0, |names| names.len());
        let values = if count == 0 { &[] } else { std::slice::from_raw_parts(args, count) };
        finish(py, || the::<F>()(slf, Args { py, values, positional, keywords }))
    }
}

unsafe extern "C" fn short_entry<F: Body>(slf: *mut ffi::PyObject, arg: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls methods with the GIL held; in METH_O `arg` is one borrowed
    // value, in METH_NOARGS null.
    unsafe {
        let py = Python::assume_attached();
        let arg = [arg];
        let values = if arg[0].is_null() { &[] } else { &arg[..] };
        finish(py, || the::<F>()(slf, Args { py, values, positional: values.len(), keywords: None }))
    }
}

const fn method(
    name: &'static CStr,
    doc: &'static CStr,
    function: ffi::PyMethodDefPointer,
    flags: std::ffi::c_int,
) -> Method {
    Method(ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth: function, ml_flags: flags, ml_doc: doc.as_ptr() })
}

/// A method with positional and keyword arguments.
pub const fn fast<F: Body>(name: &'static CStr, doc: &'static CStr, _body: F) -> Method {
    let function = ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: fast_entry::<F> };
    method(name, doc, function, ffi::METH_FASTCALL | ffi::METH_KEYWORDS)
}

/// A method with one positional argument.
pub const fn one_arg<F: Body>(name: &'static CStr, doc: &'static CStr, _body: F) -> Method {
    method(name, doc, ffi::PyMethodDefPointer { PyCFunction: short_entry::<F> }, ffi::METH_O)
}

/// A method without arguments.
pub const fn noargs<F: Body>(name: &'static CStr, doc: &'static CStr, _body: F) -> Method {
    method(name, doc, ffi::PyMethodDefPointer { PyCFunction: short_entry::<F> }, ffi::METH_NOARGS)
}
