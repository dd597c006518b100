//! What programs look at. Little of it is made before somebody does.

use std::rc::Rc;

use http::Version;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use super::HttpResponse;
use crate::http::content::HttpContent;
use crate::http::errors::Asked;
use crate::http::upgraded::HttpUpgraded;
use crate::http::{address, headers};
use crate::raw::Owned;

fn none(py: Python<'_>) -> Owned {
    py.None().into_bound(py).into()
}

#[pymethods]
impl HttpResponse {
    #[getter]
    fn status(&self, py: Python<'_>) -> PyResult<u16> {
        Ok(self.answer(py)?.status)
    }

    /// Whether the status is below 400.
    #[getter]
    fn ok(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.answer(py)?.status < 400)
    }

    #[getter]
    fn reason(&self, py: Python<'_>) -> PyResult<Owned> {
        headers::text(py, &self.answer(py)?.reason)
    }

    #[getter]
    fn method(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.answer(py)?.method.as_str().to_owned())
    }

    /// An `HttpVersion`.
    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<Owned> {
        static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let class = CLASS.import(py, "rondel.http.versions", "HttpVersion")?;
        let (major, minor) = match self.answer(py)?.version {
            Version::HTTP_09 => (0, 9),
            Version::HTTP_10 => (1, 0),
            Version::HTTP_2 => (2, 0),
            Version::HTTP_3 => (3, 0),
            _ => (1, 1),
        };
        Ok(class.call1((major, minor))?.into())
    }

    #[getter]
    fn headers(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(
            py,
            |objects| &mut objects.headers,
            || {
                let answer = self.answer(py)?;
                Ok(headers::mapping(py, &answer.headers, answer.small())?.into())
            },
        )
    }

    #[getter]
    fn raw_headers(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(
            py,
            |objects| &mut objects.raw_headers,
            || {
                let answer = self.answer(py)?;
                Ok(headers::raw(py, &answer.headers, answer.small())?.into_any().into())
            },
        )
    }

    /// Without the fragment.
    #[getter]
    fn url(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(
            py,
            |objects| &mut objects.url,
            || {
                let answer = self.answer(py)?;
                let text = answer.url.as_str();
                let text = text.split_once('#').map_or(text, |(plain, _)| plain);
                Ok(headers::url(py, text)?.into())
            },
        )
    }

    #[getter]
    fn real_url(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(
            py,
            |objects| &mut objects.real_url,
            || {
                let answer = self.answer(py)?;
                Ok(headers::url(py, answer.url.as_str())?.into())
            },
        )
    }

    /// The body, as a stream.
    #[getter]
    fn content(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(py, |objects| &mut objects.content, || HttpContent::create(py, Rc::clone(&self.answer(py)?.body)))
    }

    #[getter]
    fn history(&self, py: Python<'_>) -> PyResult<Owned> {
        self.keep(py, |objects| &mut objects.history, || Ok(PyTuple::empty(py).into_any().into()))
    }

    #[getter(_history)]
    fn get_own_history(&self, py: Python<'_>) -> PyResult<Owned> {
        self.history(py)
    }

    #[setter(_history)]
    fn set_own_history(&self, py: Python<'_>, history: &Bound<'_, PyTuple>) {
        self.set(py, |objects| &mut objects.history, Some(history.clone().into_any().into()));
    }

    #[getter(_session)]
    fn session(&self, py: Python<'_>) -> Owned {
        self.kept(py, |objects| &mut objects.session).unwrap_or_else(|| none(py))
    }

    #[getter(_request_info)]
    fn get_request_info(&self, py: Python<'_>) -> Owned {
        self.kept(py, |objects| &mut objects.request_info).unwrap_or_else(|| none(py))
    }

    #[setter(_request_info)]
    fn set_request_info(&self, py: Python<'_>, info: &Bound<'_, PyAny>) {
        let info = (!info.is_none()).then(|| info.clone().into());
        self.set(py, |objects| &mut objects.request_info, info);
    }

    /// The whole body, once it is read.
    #[getter(_body)]
    fn get_body(&self, py: Python<'_>) -> PyResult<Owned> {
        let answer = self.answer(py)?;
        let data = answer.data.borrow().clone();
        Ok(data.unwrap_or_else(|| none(py)))
    }

    #[setter(_body)]
    fn set_body(&self, py: Python<'_>, body: &Bound<'_, PyAny>) -> PyResult<()> {
        let answer = self.answer(py)?;
        if !body.is_none() && !body.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err("the body of a response is bytes, or None"));
        }
        let stale = answer.data.replace((!body.is_none()).then(|| body.clone().into()));
        drop(stale);
        Ok(())
    }

    #[getter(_in_context)]
    fn get_in_context(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.answer(py)?.in_context.get())
    }

    #[setter(_in_context)]
    fn set_in_context(&self, py: Python<'_>, value: bool) -> PyResult<()> {
        self.answer(py)?.in_context.set(value);
        Ok(())
    }

    /// Whether somebody has let go of it.
    #[getter(_released)]
    fn released(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.answer(py)?.released.get())
    }

    /// Whether its body has come to its end, or it was released.
    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.answer(py)?.is_closed())
    }

    /// Whether it has a connection of its own.
    #[getter(_connected)]
    fn connected(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.answer(py)?.body.is_connected())
    }

    #[getter(_content_type_header)]
    fn content_type(&self, py: Python<'_>) -> PyResult<Owned> {
        self.header(py, "content-type")
    }

    #[getter(_set_cookie)]
    fn set_cookie<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        headers::set_cookie(py, &self.answer(py)?.headers)
    }

    /// The first value of a field, given in small letters, or None.
    #[pyo3(name = "_header")]
    fn header(&self, py: Python<'_>, name: &str) -> PyResult<Owned> {
        let answer = self.answer(py)?;
        headers::first(&answer.headers, name).map_or_else(|| Ok(none(py)), |value| headers::text(py, value))
    }

    /// `(method, url, [(name, value)])` of the request, at last.
    #[pyo3(name = "_request_head")]
    fn request_head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let answer = self.answer(py)?;
        let headers = Rc::clone(&answer.asked);
        Asked { method: answer.method.clone(), url: answer.url.clone(), headers }.to_python(py)
    }

    /// What is known of the connection, or None.
    #[pyo3(name = "_extra_info")]
    fn extra_info(&self, py: Python<'_>, name: &str) -> PyResult<Owned> {
        let answer = self.answer(py)?;
        let Some(ends) = &answer.endpoints else { return Ok(none(py)) };
        let address = |address: Option<_>| address.map(|address| address::to_python(py, address)).transpose();
        let known = match name {
            "peername" => address(ends.peer)?,
            "sockname" => address(ends.local)?,
            "peercert" => ends.certificate.as_ref().map(|der| PyBytes::new(py, der).into_any().into()),
            "tls_version" => ends.tls.map(|version| Owned::from(PyString::new(py, version).into_any())),
            "cipher" => ends.cipher.as_ref().map(|cipher| Owned::from(PyString::new(py, cipher).into_any())),
            "alpn" => {
                ends.alpn.as_ref().map(|alpn| Owned::from(PyString::new(py, &String::from_utf8_lossy(alpn)).into_any()))
            }
            _ => None,
        };
        Ok(known.unwrap_or_else(|| none(py)))
    }

    /// Has `callback` called when nothing more of the body is read; at once, if it is so already.
    #[pyo3(name = "_when_over")]
    fn when_over(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.answer(py)?.body.when_over(py, callback.clone().into());
        Ok(())
    }

    /// The bytes below HTTP.
    ///
    /// Raises `ValueError` unless the status is that of a change of protocols.
    #[pyo3(name = "_upgrade")]
    fn upgrade(&self, py: Python<'_>) -> PyResult<Owned> {
        let answer = self.answer(py)?;
        let home = answer.body.home().clone();
        let switched = home.enter(py, || answer.body.take().and_then(rondel_http::Incoming::upgrade));
        match switched {
            Some(switched) => HttpUpgraded::create(py, &home, switched),
            None => {
                Err(PyValueError::new_err("the server has not changed to another protocol here, or that was taken"))
            }
        }
    }
}
