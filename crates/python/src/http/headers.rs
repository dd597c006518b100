//! Fields of requests and responses, between `http` and Python.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::raw::Owned;

/// Names that are written otherwise than with a capital behind each hyphen.
const UNUSUAL: [(&str, &[u8]); 6] = [
    ("etag", b"ETag"),
    ("www-authenticate", b"WWW-Authenticate"),
    ("te", b"TE"),
    ("dnt", b"DNT"),
    ("sec-websocket-key", b"Sec-WebSocket-Key"),
    ("sec-websocket-accept", b"Sec-WebSocket-Accept"),
];

/// How a name is shown: hyper gives all in small letters. With capitals as most servers write it; HTTP/2 has none.
pub fn shown(name: &HeaderName, small: bool) -> Vec<u8> {
    let text = name.as_str();
    if small {
        return text.as_bytes().to_vec();
    }
    if let Some((_, unusual)) = UNUSUAL.iter().find(|(known, _)| *known == text) {
        return unusual.to_vec();
    }
    let mut start = true;
    text.bytes()
        .map(|byte| {
            let shown = if start { byte.to_ascii_uppercase() } else { byte };
            start = byte == b'-';
            shown
        })
        .collect()
}

/// `((name, value), ...)` in bytes.
pub fn raw<'py>(py: Python<'py>, headers: &HeaderMap, small: bool) -> PyResult<Bound<'py, PyTuple>> {
    let fields = headers.iter().map(|(name, value)| {
        (PyBytes::new(py, &shown(name, small)), PyBytes::new(py, value.as_bytes())).into_pyobject(py)
    });
    PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)
}

/// A `CIMultiDictProxy`.
pub fn mapping<'py>(py: Python<'py>, headers: &HeaderMap, small: bool) -> PyResult<Bound<'py, PyAny>> {
    static DICT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static PROXY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let fields = PyList::empty(py);
    for (name, value) in headers {
        let name = shown(name, small);
        fields.append((latin(py, &name), text(py, value.as_bytes())?.bind(py)))?;
    }
    let fields = DICT.import(py, "multidict", "CIMultiDict")?.call1((fields,))?;
    PROXY.import(py, "multidict", "CIMultiDictProxy")?.call1((fields,))
}

/// Text whose bytes are ASCII, as those of a name are.
fn latin<'py>(py: Python<'py>, ascii: &[u8]) -> Bound<'py, PyString> {
    PyString::new(py, &String::from_utf8_lossy(ascii))
}

/// Text as aiohttp reads it: UTF-8, and what is none of it as lone surrogates.
pub fn text(py: Python<'_>, value: &[u8]) -> PyResult<Owned> {
    if value.is_ascii() {
        return Ok(latin(py, value).into_any().into());
    }
    let len = ffi::Py_ssize_t::try_from(value.len())?;
    // SAFETY: the bytes are borrowed through the call, the name of the handler is a C string; the call gives a new
    // reference, or sets an exception.
    unsafe { Owned::from_new(py, ffi::PyUnicode_DecodeUTF8(value.as_ptr().cast(), len, c"surrogateescape".as_ptr())) }
}

/// The fields of `[(name, value), ...]`, in bytes.
///
/// Errors: `TypeError`, and `ValueError` that names a field which can't be sent.
pub fn of_python(fields: &Bound<'_, PyList>) -> PyResult<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let (name, value): (Bound<'_, PyBytes>, Bound<'_, PyBytes>) = field.extract()?;
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused("name", &name))?;
        let content = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(value.as_bytes()))
            .map_err(|_| refused("value", &value))?;
        headers.append(known, content);
    }
    Ok(headers)
}

#[cold]
fn refused(what: &str, text: &Bound<'_, PyBytes>) -> PyErr {
    let text = text.repr().map_or_else(|error| error.to_string(), |text| text.to_string());
    PyValueError::new_err(format!("not allowed in the {what} of a header: {text}"))
}

/// The first value of that name.
pub fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}

/// The values of `Set-Cookie`.
pub fn set_cookie<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let values = PyList::empty(py);
    for value in headers.get_all(http::header::SET_COOKIE) {
        values.append(text(py, value.as_bytes())?.bind(py))?;
    }
    Ok(values)
}

/// `yarl.URL(text, encoded=True)`
pub fn url<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static URL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static NAMES: PyOnceLock<Py<PyTuple>> = PyOnceLock::new();
    let class = URL.import(py, "yarl", "URL")?;
    let names = NAMES.get_or_try_init(py, || Ok::<_, PyErr>(PyTuple::new(py, [intern!(py, "encoded")])?.unbind()))?;
    let text = PyString::new(py, text);
    let yes = pyo3::types::PyBool::new(py, true).to_owned();
    let mut stack = [std::ptr::null_mut(), text.as_ptr(), yes.as_ptr()];
    // SAFETY: all are live objects, kept through the call.
    let made = unsafe { crate::raw::call(py, class.as_ptr(), &mut stack, Some(names.bind(py))) }?;
    Ok(made.bind(py).clone())
}
