//! What a transport's item raises although nothing in it should: as from a callback, the loop goes on.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::item::Ready;
use crate::errors::ends_the_loop;
use crate::raw::call_method;

/// Gives the error to the loop's exception handler, as `Handle._run` of `CPython` does: it says that a protocol has no
/// such method, that its context is entered already (a nested run), or what the transport's Python half has raised.
///
/// Errors: `KeyboardInterrupt`, `SystemExit`, and what the exception handler raises.
#[cold]
pub fn report(py: Python<'_>, item: &Ready, error: PyErr) -> PyResult<()> {
    if ends_the_loop(py, &error) {
        return Err(error);
    }
    let Some(native) = item.object().map(|object| object.bind(py)) else {
        error.write_unraisable(py, None);
        return Ok(());
    };
    let context = PyDict::new(py);
    context.set_item(intern!(py, "message"), "Exception in callback of a transport")?;
    for name in [intern!(py, "transport"), intern!(py, "protocol")] {
        let party = native.getattr(name)?;
        if !party.is_none() {
            context.set_item(name, party)?;
        }
    }
    let mut event_loop = native.getattr(intern!(py, "event_loop"))?;
    if event_loop.is_none() {
        // The connection is over, and with it what it knew of its loop.
        event_loop = py.import(intern!(py, "asyncio"))?.call_method0(intern!(py, "_get_running_loop"))?;
    }
    if event_loop.is_none() {
        error.write_unraisable(py, Some(native));
        return Ok(());
    }
    context.set_item(intern!(py, "exception"), error)?;
    call_method(intern!(py, "call_exception_handler"), [&event_loop, context.as_any()]).map(drop)
}
