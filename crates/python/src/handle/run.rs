//! A callback's turn.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::class::is_private;
use super::context::{lend, take_back};
use super::fields::{Arguments, Fields, INLINE, glance, peek};
use crate::errors::ends_the_loop;
use crate::raw::{Entered, Owned, call, call_method, call_tuple};

/// Runs the callback of `handle` in its context, unless it was cancelled. What it raises goes to the
/// loop's exception handler.
///
/// Errors: `KeyboardInterrupt` and `SystemExit`, and what the exception handler lets through.
///
/// # Safety
/// `handle` is a live object of one of the two classes, and lives through the call.
#[inline]
pub unsafe fn run(py: Python<'_>, handle: *mut ffi::PyObject) -> PyResult<()> {
    // SAFETY: as promised by the caller.
    let fields = unsafe { Fields::of(handle) };
    // SAFETY: as above.
    match unsafe { run_callback(py, handle, fields) } {
        Ok(()) => Ok(()),
        Err(error) => {
            // SAFETY: as promised by the caller.
            let handle = unsafe { Owned::from_borrowed(py, handle) };
            failed(py, handle.bind(py), fields, error)
        }
    }
}

#[inline]
unsafe fn run_callback(py: Python<'_>, handle: *mut ffi::PyObject, fields: &Fields) -> PyResult<()> {
    // SAFETY: the handle is alive; where nobody but the caller reaches it, its references stay where they are.
    unsafe {
        if is_private(handle) {
            let (Some(callback), Some(context)) = (glance(&fields.callback), glance(&fields.context)) else {
                return Ok(());
            };
            let (first, second) = (glance(&fields.first), glance(&fields.second));
            if !fields.shares_context() || ffi::Py_REFCNT(context.as_ptr()) == 1 {
                return call_in(py, callback, context, first, second);
            }
            let lent = lend(py, context.as_ptr())?;
            let result = call_in(py, callback, &lent, first, second);
            if result.is_ok() {
                take_back(py, lent, context.as_ptr());
            } else {
                // Who hears of the exception sees the callback's own context, as the callback left it.
                fields.keep_context(lent);
            }
            return result;
        }
    }
    fields.own_context(py)?;
    // The callback may cancel its own handle, which drops callback and arguments: hence references of our own.
    let (Some(callback), Some(context)) = (peek(&fields.callback), peek(&fields.context)) else {
        // Cancelled, or cleared by the garbage collector.
        return Ok(());
    };
    let (first, second) = (peek(&fields.first), peek(&fields.second));
    call_in(py, &callback, &context, first.as_ref(), second.as_ref())
}

/// Calls `callback` in `context`, with the arguments as [`Fields`] has them.
#[inline]
fn call_in(
    py: Python<'_>,
    callback: &Owned,
    context: &Owned,
    first: Option<&Owned>,
    second: Option<&Owned>,
) -> PyResult<()> {
    let entered = Entered::new(py, context)?;
    let result = match Arguments::of(first, second) {
        Arguments::Many(tuple) => {
            call_tuple(callback.bind(py), tuple.bind(py).cast::<pyo3::types::PyTuple>().map_err(PyErr::from)?)
        }
        Arguments::Few(args) => {
            let mut stack = [std::ptr::null_mut(); INLINE + 1];
            let mut count = 1;
            for arg in args.iter().flatten() {
                stack[count] = arg.as_ptr();
                count += 1;
            }
            // SAFETY: callback and arguments are alive: the caller has references.
            unsafe { call(py, callback.as_ptr(), &mut stack[..count], None) }
        }
    };
    drop(entered);
    result.map(drop)
}

#[cold]
fn failed(py: Python<'_>, handle: &Bound<'_, PyAny>, fields: &Fields, error: PyErr) -> PyResult<()> {
    if ends_the_loop(py, &error) {
        return Err(error);
    }
    let Some(event_loop) = peek(&fields.event_loop) else {
        return Err(PyTypeError::new_err("a handle without a loop was run"));
    };
    let source = py.import(intern!(py, "rondel._versions"))?.call_method1(
        intern!(py, "describe_callback"),
        (peek(&fields.callback).map(|callback| callback.bind(py).clone()), fields.args(py)?, event_loop.bind(py)),
    )?;
    let context = PyDict::new(py);
    context.set_item(intern!(py, "message"), format!("Exception in callback {source}"))?;
    context.set_item(intern!(py, "exception"), error)?;
    context.set_item(intern!(py, "handle"), handle)?;
    if let Some(traceback) = fields.scheduled_at() {
        context.set_item(intern!(py, "source_traceback"), traceback.bind(py))?;
    }
    call_method(intern!(py, "call_exception_handler"), [event_loop.bind(py), context.as_any()])?;
    Ok(())
}
