//! Flow control: how a protocol is told to pause writing, and to go on.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rondel_net::Pressure;

use crate::errors::ends_the_loop;
use crate::raw::{Owned, call_method};

/// Whose buffer it is.
pub struct Parties {
    pub protocol: Option<Owned>,
    pub transport: Option<Owned>,
    pub event_loop: Option<Owned>,
}

impl Parties {
    /// Calls `pause_writing` or `resume_writing`. What that raises goes to the loop's exception handler.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`, and what the exception handler raises.
    #[cold]
    pub fn tell(&self, py: Python<'_>, pressure: Pressure) -> PyResult<()> {
        let (name, message) = match pressure {
            Pressure::Unchanged => return Ok(()),
            Pressure::Pause => (intern!(py, "pause_writing"), "protocol.pause_writing() failed"),
            Pressure::Resume => (intern!(py, "resume_writing"), "protocol.resume_writing() failed"),
        };
        let Some(protocol) = &self.protocol else { return Ok(()) };
        match call_method(name, [protocol.bind(py)]) {
            Ok(_) => Ok(()),
            Err(error) => self.report(py, error, message),
        }
    }

    /// Gives what a callback of the protocol raised to the loop's exception handler; the transport stays as it is.
    ///
    /// Errors: as `tell`.
    #[cold]
    pub fn report(&self, py: Python<'_>, error: PyErr, message: &str) -> PyResult<()> {
        if ends_the_loop(py, &error) {
            return Err(error);
        }
        let context = PyDict::new(py);
        context.set_item(intern!(py, "message"), message)?;
        context.set_item(intern!(py, "exception"), error)?;
        context.set_item(intern!(py, "transport"), self.transport.as_ref().map(|transport| transport.bind(py)))?;
        context.set_item(intern!(py, "protocol"), self.protocol.as_ref().map(|protocol| protocol.bind(py)))?;
        if let Some(event_loop) = &self.event_loop {
            call_method(intern!(py, "call_exception_handler"), [event_loop.bind(py), context.as_any()])?;
        }
        Ok(())
    }
}
