//! A session's cookies, kept by Python.

use http::{HeaderMap, HeaderValue};
use pyo3::intern;
use pyo3::prelude::*;
use rondel_http::{CookieStore, Target};

use super::headers;
use super::runtime::attached;
use crate::raw::Owned;

/// An object with `header_for(url)` and `store(url, values)` (python/rondel/http/_cookies_use.py).
pub struct Cookies(Owned);

impl Cookies {
    pub fn new(object: Owned) -> Self {
        Self(object)
    }

    /// For the garbage collector.
    pub fn object(&self) -> &Owned {
        &self.0
    }

    fn ask(&self, py: Python<'_>, url: &Target) -> PyResult<Option<HeaderValue>> {
        let object = self.0.clone();
        let field = object.bind(py).call_method1(intern!(py, "header_for"), (url.as_str(),))?;
        if field.is_none() {
            return Ok(None);
        }
        let field: String = field.extract()?;
        let value = HeaderValue::try_from(field.as_bytes());
        Ok(Some(
            value
                .map_err(|_| pyo3::exceptions::PyValueError::new_err(format!("not allowed in a cookie: {field:?}")))?,
        ))
    }
}

impl CookieStore for Cookies {
    /// What the jar raises is told, and the request goes without.
    fn header_for(&self, url: &Target) -> Option<HeaderValue> {
        let py = attached();
        self.ask(py, url).unwrap_or_else(|error| {
            error.write_unraisable(py, Some(self.0.bind(py)));
            None
        })
    }

    fn store(&self, url: &Target, answered: &HeaderMap) {
        if !answered.contains_key(http::header::SET_COOKIE) {
            return;
        }
        let py = attached();
        let object = self.0.clone();
        let stored = headers::set_cookie(py, answered)
            .and_then(|values| object.bind(py).call_method1(intern!(py, "store"), (url.as_str(), values)));
        if let Err(error) = stored {
            error.write_unraisable(py, Some(object.bind(py)));
        }
    }
}
