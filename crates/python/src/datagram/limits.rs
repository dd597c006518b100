//! Flow control: when the protocol must pause sending, and when it may go on.

use pyo3::prelude::*;
use rondel_net::Pressure;

use super::Datagrams;

impl Datagrams {
    /// Tells the protocol to pause if the queue has risen above high water.
    pub(super) fn queue_grown(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.watermarks.grown(state.queue.size()));
        if pressure == Pressure::Unchanged { Ok(()) } else { self.parties(py).tell(py, pressure) }
    }

    /// Tells the protocol to go on if the queue has fallen to low water.
    pub(super) fn queue_shrunk(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.watermarks.shrunk(state.queue.size()));
        if pressure == Pressure::Unchanged { Ok(()) } else { self.parties(py).tell(py, pressure) }
    }
}

#[pymethods]
impl Datagrams {
    /// Whether anything waits to be sent: an empty datagram may.
    #[getter]
    fn pending(&self, py: Python<'_>) -> bool {
        self.with(py, |state| !state.queue.is_empty())
    }

    /// Bytes that wait to be sent, headers included where asyncio counts them.
    #[getter]
    fn buffer_size(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.queue.size())
    }

    /// `(low, high)`, in bytes.
    #[getter]
    fn write_buffer_limits(&self, py: Python<'_>) -> (usize, usize) {
        self.with(py, |state| state.watermarks.limits())
    }

    /// Sets the limits, and tells the protocol to pause if the queue stands above them already. False, and nothing
    /// changed, if low is above high.
    fn set_limits(&self, py: Python<'_>, high: usize, low: usize) -> PyResult<bool> {
        if self.with(py, |state| state.watermarks.set(high, low)).is_none() {
            return Ok(false);
        }
        self.queue_grown(py)?;
        Ok(true)
    }

    /// Whether the protocol was told to pause sending.
    #[getter]
    fn writing_paused(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.watermarks.is_paused())
    }
}
