//! Flow control: what waits to be sent, and when the protocol may go on.

use pyo3::prelude::*;

use super::Datagrams;
use crate::endpoint::Watched;

impl Datagrams {
    /// Tells the protocol to go on if the queue has fallen to low water.
    pub(super) fn shrunk(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.endpoint.watermarks.shrunk(state.queue.size()));
        self.tell(py, pressure)
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
}
