//! Flow control: what waits to be written, and when the protocol may go on.

use pyo3::prelude::*;

use super::Stream;
use crate::endpoint::Watched;

impl Stream {
    /// Tells the protocol to go on if the buffer has fallen to low water.
    pub(super) fn shrunk(&self, py: Python<'_>) -> PyResult<()> {
        let pressure = self.with(py, |state| state.endpoint.watermarks.shrunk(state.queue.len()));
        self.tell(py, pressure)
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
}
