//! What the HTTP client has in a loop.

use pyo3::prelude::*;

use super::{Core, closed};
use crate::http::{Local, Loop};

impl Core {
    /// What the HTTP client has here; `None` before there is one, and once the loop is closed.
    #[inline]
    pub fn http(&self, py: Python<'_>) -> Option<Loop> {
        self.http.with(py, |http| http.as_ref().map(|local| local.home(py).clone()))
    }

    /// The same, made if there is none.
    ///
    /// Errors: `RuntimeError` if the loop is closed.
    pub fn http_or_new(&self, py: Python<'_>) -> PyResult<Loop> {
        if let Some(known) = self.http(py) {
            return Ok(known);
        }
        let remote = self.with(py, |state| state.driver.remote().clone()).ok_or_else(closed)?;
        let home = Loop::new(self, self.clock.clone(), remote);
        let made = Local::new(home.clone(), ());
        self.http.with(py, |http| *http = Some(made));
        Ok(home)
    }

    /// Lets go of what the HTTP client has here.
    pub(super) fn close_http(&self, py: Python<'_>) {
        if let Some(http) = self.http.with(py, Option::take) {
            http.home(py).close(py);
        }
    }
}

impl Drop for Core {
    /// The HTTP client knows the core by its address.
    fn drop(&mut self) {
        // SAFETY: the interpreter destroys its objects with the GIL held.
        let py = unsafe { Python::assume_attached() };
        if let Some(http) = self.http.with(py, Option::take) {
            http.home(py).detach();
            http.home(py).close(py);
        }
    }
}
