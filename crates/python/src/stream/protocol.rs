//! Which of the two kinds of protocol a stream feeds.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::raw::Owned;

/// A protocol, and how it wants its bytes.
#[derive(Clone, Debug)]
pub struct Protocol {
    object: Owned,
    buffered: bool,
}

static BUFFERED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

impl Protocol {
    /// Looks at the class once, as asyncio does when a protocol is set.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let class = BUFFERED
            .get_or_try_init(py, || Ok::<_, PyErr>(py.import("asyncio")?.getattr("BufferedProtocol")?.unbind()))?;
        Ok(Self { buffered: object.is_instance(class.bind(py))?, object: object.clone().into() })
    }

    pub fn object(&self) -> &Owned {
        &self.object
    }

    /// Whether it is an `asyncio.BufferedProtocol`: it gives the buffers itself.
    pub fn is_buffered(&self) -> bool {
        self.buffered
    }
}
