//! Whether two contexts hold the same, told without a copy.
//!
//! The variables of a context are a mapping that never changes: `ContextVar.set` puts another one in its place (`PyHamtObject`
//! of CPython, Python/hamt.c). So two contexts that have one and the same mapping hold the same, and to see that costs a
//! comparison of two addresses. The interpreter has no call for it. Where the addresses stand is found out by trial, once,
//! at import; if the trial is not clear, no two contexts are ever said to be the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use super::context::{Entered, copy_context, copy_of};
use super::{Owned, call_method};

/// Where a context has the address of its mapping, in words; 0 if that is not known.
static VARIABLES: AtomicUsize = AtomicUsize::new(0);
/// Where a thread's state has the address of its current context, in words; 0 if that is not known.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// So many words of a thread's state are looked at: 240 bytes, and no version has a smaller one than 288 (3.12).
const LOOK_AT: usize = 30;

/// Words of an object's header: its reference count and its class.
const HEADER: usize = 2;

/// Finds out where the addresses stand. Called once, at the module's import.
pub fn find(py: Python<'_>) -> PyResult<()> {
    if let (Some(variables), Some(current)) = (find_variables(py)?, find_current(py)?) {
        VARIABLES.store(variables, Ordering::Relaxed);
        CURRENT.store(current, Ordering::Relaxed);
    }
    Ok(())
}

/// The one word that two copies have in common until a variable is set in one of them.
fn find_variables(py: Python<'_>) -> PyResult<Option<usize>> {
    let variable = py.import("contextvars")?.getattr("ContextVar")?.call1(("rondel",))?;
    let set = |context: &Owned, value: u8| {
        let value = value.into_pyobject(py)?;
        let (set, run) = (variable.getattr("set")?, pyo3::intern!(py, "run"));
        call_method(run, [context.bind(py), &set, value.as_any()]).map(drop)
    };
    let first = copy_context(py)?;
    set(&first, 1)?;
    // SAFETY: the context is alive.
    let second = unsafe { copy_of(py, first.as_ptr()) }?;
    let (first_before, second_before) = (words_of(&first), words_of(&second));
    set(&second, 2)?;
    let (first_after, second_after) = (words_of(&first), words_of(&second));
    Ok(sole((HEADER..first_before.len()).filter(|&word| {
        first_before[word] != 0
            && first_before[word] == second_before[word]
            && first_before[word] == first_after[word]
            && first_before[word] != second_after[word]
    })))
}

/// All words of an object of a class whose objects are of one size.
fn words_of(object: &Owned) -> Vec<usize> {
    // SAFETY: the object is alive, and so large as its class says. What is read is not taken for anything but numbers.
    unsafe {
        let size = (*ffi::Py_TYPE(object.as_ptr())).tp_basicsize.cast_unsigned() / size_of::<usize>();
        (0..size).map(|word| object.as_ptr().cast::<usize>().add(word).read_volatile()).collect()
    }
}

/// The one word of the thread's state that is the current context's address, whichever is current.
fn find_current(py: Python<'_>) -> PyResult<Option<usize>> {
    let (first, second) = (copy_context(py)?, copy_context(py)?);
    let places = |context: &Owned| -> PyResult<Vec<bool>> {
        let _entered = Entered::new(py, context)?;
        // SAFETY: the state of a thread with the GIL is alive, and larger than that.
        Ok(unsafe {
            let state = ffi::PyThreadState_Get().cast::<usize>();
            (0..LOOK_AT).map(|word| state.add(word).read_volatile() == context.as_ptr().addr()).collect()
        })
    };
    let (with_first, with_second) = (places(&first)?, places(&second)?);
    Ok(sole((0..LOOK_AT).filter(|&word| with_first[word] && with_second[word])))
}

fn sole(mut found: impl Iterator<Item = usize>) -> Option<usize> {
    found.next().filter(|_| found.next().is_none())
}

/// Whether two objects are contexts that hold the same. No also means: not known.
///
/// # Safety
/// Both are live objects.
#[inline]
pub unsafe fn hold_the_same(one: *mut ffi::PyObject, other: *mut ffi::PyObject) -> bool {
    let word = VARIABLES.load(Ordering::Relaxed);
    // SAFETY: the objects are alive, and contexts: those have an address there.
    unsafe {
        let address = |context: *mut ffi::PyObject| context.cast::<usize>().add(word).read();
        word != 0
            && ffi::PyContext_CheckExact(one) != 0
            && ffi::PyContext_CheckExact(other) != 0
            && address(one) == address(other)
    }
}

/// Whether `context` holds what the current context does. No also means: not known.
///
/// # Safety
/// It is a live object.
#[inline]
pub unsafe fn holds_what_is_current(_py: Python<'_>, context: *mut ffi::PyObject) -> bool {
    let word = CURRENT.load(Ordering::Relaxed);
    if word == 0 {
        return false;
    }
    // SAFETY: the GIL is held ('py), so that there is a thread's state. It has null or a live context there.
    unsafe {
        let current = ffi::PyThreadState_Get().cast::<*mut ffi::PyObject>().add(word).read();
        !current.is_null() && hold_the_same(current, context)
    }
}
