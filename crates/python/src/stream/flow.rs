//! Flow control: when the protocol must pause writing, and when it may go on.

use pyo3::prelude::*;
use rondel_net::Pressure;

use super::Stream;
use crate::pressure::Parties;

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

    #[inline]
    fn tell(&self, py: Python<'_>, pressure: Pressure) -> PyResult<()> {
        if pressure == Pressure::Unchanged {
            return Ok(());
        }
        self.parties(py).tell(py, pressure)
    }

    /// Who is told of errors in callbacks, and of whose; also once the stream has let go of them.
    pub(super) fn parties(&self, py: Python<'_>) -> Parties {
        self.with(py, |state| Parties {
            protocol: state.protocol.as_ref().map(|protocol| protocol.object().clone()),
            transport: state.transport.clone(),
            event_loop: state.event_loop.clone(),
        })
    }
}

#[pymethods]
impl Stream {
    /// Whether anything waits to be sent.
    #[getter]
    fn pending(&self, py: Python<'_>) -> bool {
        self.with(py, |state| !state.queue.is_empty())
    }

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
