//! The native half of the Python package `rondel`: it translates between the engine and the
//! interpreter, and decides nothing.

mod cell;
mod errors;
mod event_loop;
mod handle;
mod raw;
mod stream;

use pyo3::prelude::*;

#[pymodule]
fn _rondel(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let [handle, timer_handle] = handle::init(module.py())?;
    module.add("Handle", handle)?;
    module.add("TimerHandle", timer_handle)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<event_loop::Core>()?;
    module.add_class::<stream::Stream>()?;
    module.add_function(wrap_pyfunction!(event_loop::attach_loop, module)?)?;
    module.add_function(wrap_pyfunction!(event_loop::init_loop, module)?)?;
    module.add_function(wrap_pyfunction!(stream::attach_transport, module)?)?;
    module.add_function(wrap_pyfunction!(stream::init_transport, module)?)?;
    Ok(())
}
