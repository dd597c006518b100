//! A session's cookies, kept by Python.

use http::{HeaderMap, HeaderValue};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::types::PyDict;
use rondel_http::{CookieError, CookieStore, Target};

use super::errors::Raised;
use super::headers;
use super::runtime::attached;
use crate::raw::Owned;

/// An object with `header_for(url)`, `store(url, values)` and `kept` (`python/rondel/http/_cookies_use.py`).
pub struct Cookies {
    object: Owned,
    /// Its `kept`: where that is empty, nobody is asked.
    kept: Option<Owned>,
}

impl Cookies {
    /// Errors: the object has no `kept`.
    pub fn new(py: Python<'_>, object: Owned) -> PyResult<Self> {
        let kept = object.bind(py).getattr(intern!(py, "kept"))?;
        let kept = kept.is_exact_instance_of::<PyDict>().then(|| kept.into());
        Ok(Self { object, kept })
    }

    /// For the garbage collector.
    pub fn objects(&self) -> impl Iterator<Item = &Owned> {
        [Some(&self.object), self.kept.as_ref()].into_iter().flatten()
    }

    fn are_none(&self, py: Python<'_>) -> bool {
        let kept = self.kept.as_ref().and_then(|kept| kept.bind(py).cast_exact::<PyDict>().ok());
        kept.is_some_and(PyDictMethods::is_empty)
    }

    fn ask(&self, py: Python<'_>, url: &Target) -> PyResult<Option<HeaderValue>> {
        let object = self.object.clone();
        let field = object.bind(py).call_method1(intern!(py, "header_for"), (url.as_str(),))?;
        if field.is_none() {
            return Ok(None);
        }
        // As other headers are encoded (python/rondel/http/_tokens.py).
        let encoded =
            field.call_method1(intern!(py, "encode"), (intern!(py, "utf-8"), intern!(py, "surrogateescape")))?;
        let value = HeaderValue::from_bytes(encoded.cast::<PyBytes>()?.as_bytes());
        Ok(Some(value.map_err(|_| PyValueError::new_err(format!("not allowed in a cookie: {field:?}")))?))
    }
}

impl CookieStore for Cookies {
    fn header_for(&self, url: &Target) -> Result<Option<HeaderValue>, CookieError> {
        let py = attached();
        if self.are_none(py) {
            return Ok(None);
        }
        Ok(self.ask(py, url).map_err(Raised)?)
    }

    fn store(&self, url: &Target, answered: &HeaderMap) -> Result<(), CookieError> {
        if !answered.contains_key(http::header::SET_COOKIE) {
            return Ok(());
        }
        let py = attached();
        let object = self.object.clone();
        headers::set_cookie(py, answered)
            .and_then(|values| object.bind(py).call_method1(intern!(py, "store"), (url.as_str(), values)))
            .map_err(Raised)?;
        Ok(())
    }
}
