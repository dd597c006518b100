//! The native half of the Python package `rondel`: it translates between the engine and the
//! interpreter, and decides nothing.

mod cell;
mod connection;
mod datagram;
mod endpoint;
mod errors;
mod event_loop;
mod handle;
mod http;
mod pressure;
mod protocol;
mod raw;
mod sock;
mod stream;
mod tls;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

#[pymodule]
fn _rondel(module: &Bound<'_, PyModule>) -> PyResult<()> {
    refuse_subinterpreter()?;
    let [handle, timer_handle] = handle::init(module.py())?;
    module.add("Handle", handle)?;
    module.add("TimerHandle", timer_handle)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<event_loop::Core>()?;
    module.add_class::<stream::Stream>()?;
    module.add_class::<datagram::Datagrams>()?;
    module.add_class::<tls::Tls>()?;
    module.add_class::<connection::Connection>()?;
    module.add_function(wrap_pyfunction!(connection::accept::accept_connections, module)?)?;
    module.add_function(wrap_pyfunction!(connection::connect::begin_connect, module)?)?;
    module.add_function(wrap_pyfunction!(connection::connect::connect_unix, module)?)?;
    module.add_function(wrap_pyfunction!(event_loop::attach_loop, module)?)?;
    module.add_function(wrap_pyfunction!(event_loop::init_loop, module)?)?;
    module.add_function(wrap_pyfunction!(stream::attach_transport, module)?)?;
    module.add_function(wrap_pyfunction!(stream::pipes::attach_pipes, module)?)?;
    module.add_function(wrap_pyfunction!(stream::pipes::init_pipe, module)?)?;
    module.add_function(wrap_pyfunction!(stream::open::init_transport, module)?)?;
    module.add_function(wrap_pyfunction!(stream::open::open_transport, module)?)?;
    module.add_function(wrap_pyfunction!(datagram::attach_datagrams, module)?)?;
    module.add_function(wrap_pyfunction!(datagram::init_datagrams, module)?)?;
    module.add_function(wrap_pyfunction!(tls::attach_tls, module)?)?;
    module.add_function(wrap_pyfunction!(tls::init_tls, module)?)?;
    http::register(module)?;
    Ok(())
}

/// Classes and free handles are the process's: objects of two interpreters must not mix in them.
///
/// Errors: `ImportError` in any interpreter but the main one.
fn refuse_subinterpreter() -> PyResult<()> {
    // SAFETY: the module is imported with the GIL held, and so there is a current interpreter.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err("rondel does not run in a subinterpreter; import it in the main interpreter"))
}
