//! Which kind of protocol a transport feeds.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::{PyTraverseError, PyVisit};

use crate::raw::Owned;
use crate::tls;

/// A protocol, and how it wants its bytes.
#[derive(Clone, Debug)]
pub struct Protocol {
    object: Owned,
    feed: Feed,
}

/// How a protocol wants its bytes.
#[derive(Clone, Debug)]
pub enum Feed {
    /// As objects, by `data_received`.
    Plain,
    /// In its own buffers (`asyncio.BufferedProtocol`).
    Buffered,
    /// Natively: it is our own TLS layer, with this native half.
    Tls(Owned),
}

static BUFFERED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

impl Protocol {
    /// Looks at the class once, as asyncio does when a protocol is set.
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let class = BUFFERED
            .get_or_try_init(py, || Ok::<_, PyErr>(py.import("asyncio")?.getattr("BufferedProtocol")?.unbind()))?;
        let feed = if let Some(tls) = tls::native_of(object) {
            Feed::Tls(tls)
        } else if object.is_instance(class.bind(py))? {
            Feed::Buffered
        } else {
            Feed::Plain
        };
        Ok(Self { feed, object: object.clone().into() })
    }

    pub fn object(&self) -> &Owned {
        &self.object
    }

    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// For the garbage collector.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.object.visit(visit)?;
        if let Feed::Tls(tls) = &self.feed { tls.visit(visit) } else { Ok(()) }
    }
}
