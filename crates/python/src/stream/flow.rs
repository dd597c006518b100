//! Flow control: when the protocol must pause writing, and when it may go on.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rondel_net::Pressure;

use super::Stream;
use crate::errors::ends_the_loop;
use crate::raw::call_method;

impl Stream {
    /// Tells the protocol to pause if the buffer has risen above high water.
    pub(super) fn buffer_grown(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.watermarks.grown(state.queue.len()));
        self.tell(py, pressure)
    }

    /// Tells the protocol to go on if the buffer has fallen to low water.
    pub(super) fn buffer_shrunk(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.watermarks.shrunk(state.queue.len()));
        self.tell(py, pressure)
    }

    fn tell(&self, py: Python<'_>, pressure: Pressure) -> PyResult<()> {
        let (name, message) = match pressure {
            Pressure::Unchanged => return Ok(()),
            Pressure::Pause => (intern!(py, "pause_writing"), "protocol.pause_writing() failed"),
            Pressure::Resume => (intern!(py, "resume_writing"), "protocol.resume_writing() failed"),
        };
        let Some(protocol) = self.with(py, |state| state.protocol.clone()) else { return Ok(()) };
        let protocol = protocol.object().bind(py);
        let Err(error) = call_method(name, [protocol]) else { return Ok(()) };
        if ends_the_loop(py, &error) {
            return Err(error);
        }
        let context = PyDict::new(py);
        context.set_item(intern!(py, "message"), message)?;
        context.set_item(intern!(py, "exception"), error)?;
        let transport = self.transport(py);
        context.set_item(intern!(py, "transport"), transport.as_ref().map(|transport| transport.bind(py)))?;
        context.set_item(intern!(py, "protocol"), protocol)?;
        if let Some(event_loop) = self.event_loop(py) {
            call_method(intern!(py, "call_exception_handler"), [event_loop.bind(py), context.as_any()])?;
        }
        Ok(())
    }
}

#[pymethods]
impl Stream {
    /// Bytes that wait to be sent.
    #[getter]
    fn buffer_size(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.queue.len())
    }

    /// `(low, high)`, in bytes.
    #[getter]
    fn write_buffer_limits(&self, py: Python<'_>) -> (usize, usize) {
        self.with(py, |state| state.watermarks.limits())
    }

    /// Sets the limits, and tells the protocol to pause if the buffer stands above them already.
    /// False, and nothing changed, if low is above high.
    fn set_limits(&self, py: Python<'_>, high: usize, low: usize) -> PyResult<bool> {
        if self.with(py, |state| state.watermarks.set(high, low)).is_none() {
            return Ok(false);
        }
        self.buffer_grown(py)?;
        Ok(true)
    }

    /// Whether the protocol was told to pause writing.
    #[getter]
    fn writing_paused(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.watermarks.is_paused())
    }
}
