//! Tracing, told to Python.

use pyo3::prelude::*;
use rondel_http::connect::{Notice, Observer};

use super::runtime::attached;
use crate::raw::Owned;

/// A function that takes the name of what happens, and a host or None.
pub struct Observe(Owned);

impl Observe {
    pub fn new(function: Owned) -> Self {
        Self(function)
    }

    /// For the garbage collector.
    pub fn object(&self) -> &Owned {
        &self.0
    }
}

impl Observer for Observe {
    fn notice(&self, notice: Notice<'_>) {
        let py = attached();
        let function = self.0.clone();
        if let Err(error) = function.bind(py).call1((notice.name(), notice.host())) {
            error.write_unraisable(py, Some(function.bind(py)));
        }
    }
}
