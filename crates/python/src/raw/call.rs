//! Calls into Python: without an argument tuple, and safe at the end of the interpreter.
//!
//! Whatever may run a program's code is called from here. When the interpreter ends while a daemon thread runs, the
//! thread, as soon as it wants the GIL again, is ended by `pthread_exit` (before Python 3.14), which unwinds its stack:
//! through our frames, whose destructors would then drop references without the GIL. A guard beside each call stops the
//! thread there instead, for good, as 3.14 does.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::{Args, Owned};

// As in `pyo3::ffi`, but for the ABI: these calls may unwind.
type Vectorcall = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;
type Call =
    unsafe extern "C-unwind" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

unsafe extern "C-unwind" {
    fn PyObject_Vectorcall(
        callable: *mut ffi::PyObject,
        args: *const *mut ffi::PyObject,
        nargsf: usize,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
    fn PyObject_VectorcallMethod(
        name: *mut ffi::PyObject,
        args: *const *mut ffi::PyObject,
        nargsf: usize,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
    fn PyObject_Call(
        callable: *mut ffi::PyObject,
        args: *mut ffi::PyObject,
        keywords: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}

/// A function whose calls the compiler takes to unwind.
///
/// `PyO3` declares the same functions as ones that never do. One program has one declaration of a symbol, and which of
/// the two it is depends on the order in which the crates are linked; under theirs, the guards below are left out. What
/// is called through a place in memory has no declaration but its type.
struct MayUnwind<F>(F);

static VECTORCALL: MayUnwind<Vectorcall> = MayUnwind(PyObject_Vectorcall);
static VECTORCALL_METHOD: MayUnwind<Vectorcall> = MayUnwind(PyObject_VectorcallMethod);
static CALL: MayUnwind<Call> = MayUnwind(PyObject_Call);

impl<F: Copy> MayUnwind<F> {
    #[inline]
    fn get(&self) -> F {
        // SAFETY: a live, aligned value. A volatile read is one that the compiler does not foresee.
        unsafe { (&raw const self.0).read_volatile() }
    }
}

/// Dropped only by an unwinding thread, which it stops: the process is about to end.
struct NeverUnwind;

impl Drop for NeverUnwind {
    fn drop(&mut self) {
        loop {
            std::thread::sleep(std::time::Duration::from_hours(1));
        }
    }
}

/// Makes a call that the interpreter may end the thread in.
#[inline]
fn guarded<R>(call: impl FnOnce() -> R) -> R {
    let guard = NeverUnwind;
    let result = call();
    std::mem::forget(guard);
    result
}

/// Calls `callable` with a tuple of arguments.
pub fn call_tuple(callable: &Bound<'_, PyAny>, args: &Bound<'_, PyTuple>) -> PyResult<Owned> {
    // SAFETY: the GIL is held, and both are live objects.
    unsafe {
        let result = guarded(|| CALL.get()(callable.as_ptr(), args.as_ptr(), std::ptr::null_mut()));
        Owned::from_new(callable.py(), result)
    }
}

/// Calls `callable` with keywords alone. `keywords` is not changed by what takes its arguments natively.
#[inline]
pub fn call_keywords(callable: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> PyResult<Owned> {
    let none = PyTuple::empty(callable.py());
    // SAFETY: the GIL is held, and all are live objects.
    unsafe {
        let result = guarded(|| CALL.get()(callable.as_ptr(), none.as_ptr(), keywords.as_ptr()));
        Owned::from_new(callable.py(), result)
    }
}

/// Calls `callable` with the positional arguments `args[1..]`, then one value a name of `names`.
/// `args[0]` is scratch space that the callee may use (`PY_VECTORCALL_ARGUMENTS_OFFSET`).
///
/// # Safety
/// All pointers but the first are of live objects that stay alive through the call.
#[inline]
pub unsafe fn call(
    py: Python<'_>,
    callable: *mut ffi::PyObject,
    args: &mut [*mut ffi::PyObject],
    names: Option<&Bound<'_, PyTuple>>,
) -> PyResult<Owned> {
    let keywords = names.map_or(0, PyTupleMethods::len);
    let positional = args.len() - 1 - keywords;
    // SAFETY: the GIL is held; the arguments are as the convention wants them, as promised by the
    // caller.
    unsafe {
        let result = guarded(|| {
            VECTORCALL.get()(
                callable,
                args.as_mut_ptr().add(1),
                positional | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                names.map_or(std::ptr::null_mut(), Bound::as_ptr),
            )
        });
        Owned::from_new(py, result)
    }
}

/// Calls `callable` with `first`, and then all that `args` has.
///
/// # Safety
/// `callable` and `first` are live objects that stay alive through the call.
pub unsafe fn call_with_all(
    py: Python<'_>,
    callable: *mut ffi::PyObject,
    first: *mut ffi::PyObject,
    args: Args<'_, '_>,
) -> PyResult<Owned> {
    let mut stack = vec![std::ptr::null_mut(), first];
    stack.extend(args.positional());
    let mut names = Vec::new();
    for (name, value) in args.keywords() {
        names.push(name);
        stack.push(value.as_ptr());
    }
    let names = PyTuple::new(py, names)?;
    let names = Some(&names).filter(|names| !names.is_empty());
    // SAFETY: as promised by the caller; the names and the arguments are alive through the call.
    unsafe { call(py, callable, &mut stack, names) }
}

/// Calls the method `name` of `args[0]` with the arguments `args[1..]`.
#[inline]
pub fn call_method<const N: usize>(name: &Bound<'_, PyString>, args: [&Bound<'_, PyAny>; N]) -> PyResult<Owned> {
    let mut values = args.map(Bound::as_ptr);
    // SAFETY: the GIL is held; the values are N live objects, of which the first is the one called.
    unsafe {
        let result = guarded(|| {
            VECTORCALL_METHOD.get()(
                name.as_ptr(),
                values.as_mut_ptr(),
                N | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                std::ptr::null_mut(),
            )
        });
        Owned::from_new(name.py(), result)
    }
}
