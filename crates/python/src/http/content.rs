//! `HttpContent`: the body of a response as `aiohttp.StreamReader` gives it.

use std::rc::Rc;

use bytes::Bytes;
use pyo3::exceptions::{PyStopAsyncIteration, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::incoming::{Body, End};
use super::local::Local;
use super::places::Job;
use super::read::{Read, Want};
use super::reading::{HttpReading, Outcome};
use crate::cell::GilCell;
use crate::raw::Owned;

/// Below this, a buffer that nobody reads is not full. As `StreamReader` has it.
const HIGH: usize = 2 * 64 * 1024;

/// The body of a response.
#[pyclass(frozen, weakref, module = "rondel._rondel")]
pub struct HttpContent {
    body: Local<Rc<Body>>,
}

impl HttpContent {
    pub fn create(py: Python<'_>, body: Rc<Body>) -> PyResult<Owned> {
        let home = body.home().clone();
        Ok(Bound::new(py, Self { body: Local::new(home, body) })?.into_any().into())
    }

    fn begin(slf: &Bound<'_, Self>, want: Want) -> PyResult<Owned> {
        let py = slf.py();
        let body = slf.get().body.get(py);
        let read = Rc::new(Read::new(Rc::clone(body), want));
        HttpReading::create(py, body.home(), read, slf.clone().into_any().into())
    }

    fn pieces(slf: &Bound<'_, Self>, by: By) -> PyResult<Owned> {
        let content = GilCell::new(Some(slf.clone().into_any().into()));
        Ok(Bound::new(slf.py(), HttpPieces { content, by })?.into_any().into())
    }

    /// As many bytes of a line as may be read.
    fn most(&self, py: Python<'_>, most: Option<usize>) -> usize {
        most.filter(|&most| most > 0).unwrap_or_else(|| self.body.get(py).high.get().max(HIGH))
    }
}

/// So many bytes at most; less than none: all.
fn count(n: isize) -> Want {
    usize::try_from(n).map_or(Want::All, Want::UpTo)
}

#[pymethods]
impl HttpContent {
    fn __repr__(&self, py: Python<'_>) -> String {
        let body = self.body.get(py);
        // As far as is known: to look for more has effects.
        let eof = if matches!(body.end(), Some(End::Eof | End::Released)) { " eof" } else { "" };
        format!("<StreamReader {} bytes{eof}>", body.total.get())
    }

    /// Bytes that have come, decoded.
    #[getter]
    fn total_bytes(&self, py: Python<'_>) -> u64 {
        self.body.get(py).total.get()
    }

    /// The same.
    #[getter]
    fn total_raw_bytes(&self, py: Python<'_>) -> u64 {
        self.body.get(py).total.get()
    }

    /// All of it, or up to `n` bytes: those that are there, or come next.
    #[pyo3(signature = (n = -1))]
    fn read(slf: &Bound<'_, Self>, n: isize) -> PyResult<Owned> {
        Self::begin(slf, count(n))
    }

    /// What is there, or comes next; nothing at the end.
    fn readany(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::begin(slf, Want::Any)
    }

    /// `n` bytes.
    ///
    /// Raises `asyncio.IncompleteReadError` if the body ends before.
    fn readexactly(slf: &Bound<'_, Self>, n: isize) -> PyResult<Owned> {
        Self::begin(slf, Want::Exactly(usize::try_from(n).unwrap_or(0)))
    }

    /// A line, with its end.
    ///
    /// Raises `ValueError` if it is too long.
    #[pyo3(signature = (*, max_line_length = None))]
    fn readline(slf: &Bound<'_, Self>, max_line_length: Option<usize>) -> PyResult<Owned> {
        let most = slf.get().most(slf.py(), max_line_length);
        Self::begin(slf, Want::Until(vec![b'\n'], most))
    }

    /// All up to a separator, and with it.
    ///
    /// Raises `ValueError` if there is too much before it, or it is empty.
    #[pyo3(signature = (separator = b"\n".as_slice(), *, max_size = None))]
    fn readuntil(slf: &Bound<'_, Self>, separator: &[u8], max_size: Option<usize>) -> PyResult<Owned> {
        if separator.is_empty() {
            return Err(PyValueError::new_err("Separator should be at least one-byte string"));
        }
        let most = slf.get().most(slf.py(), max_size);
        Self::begin(slf, Want::Until(separator.to_vec(), most))
    }

    /// A piece as it came, and whether a chunk of the transfer coding ends with it.
    fn readchunk(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::begin(slf, Want::Chunk)
    }

    /// What is there.
    ///
    /// Raises `RuntimeError` while somebody waits for more.
    #[pyo3(signature = (n = -1))]
    fn read_nowait(&self, py: Python<'_>, n: isize) -> PyResult<Owned> {
        let body = self.body.get(py);
        if let Some(error) = body.error(py) {
            return Err(error);
        }
        if body.waited_for.get() {
            return Err(pyo3::exceptions::PyRuntimeError::new_err(
                "Called while some coroutine is waiting for incoming data.",
            ));
        }
        body.look(py);
        let taken = body.buffer.borrow_mut().split(usize::try_from(n).unwrap_or(usize::MAX));
        body.has_read();
        taken.into_object(py)
    }

    /// Waits for the end; what comes before it can be read afterwards.
    fn wait_eof(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::begin(slf, Want::End)
    }

    /// Whether all is received.
    fn is_eof(&self, py: Python<'_>) -> bool {
        let body = self.body.get(py);
        body.look(py);
        matches!(body.end(), Some(End::Eof | End::Released))
    }

    /// Whether all is read.
    fn at_eof(&self, py: Python<'_>) -> bool {
        self.is_eof(py) && self.body.get(py).buffer.borrow().is_empty()
    }

    /// Has `callback` called when all is received.
    fn on_eof(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) {
        self.body.get(py).at_end(py, callback.clone().into());
    }

    /// What reading raises, or None.
    fn exception<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.body.get(py).error(py).map(|error| error.into_value(py).into_bound(py).into_any())
    }

    /// Has reading raise `exc`.
    #[pyo3(signature = (exc, exc_cause = None))]
    fn set_exception(
        &self,
        py: Python<'_>,
        exc: &Bound<'_, PyAny>,
        exc_cause: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if let Some(cause) = exc_cause
            && !cause.is_none()
            && !cause.is(exc)
        {
            exc.setattr(intern!(py, "__cause__"), cause)?;
        }
        self.body.get(py).set_exception(py, exc.clone().into());
        Ok(())
    }

    /// Puts bytes back.
    fn unread_data(&self, py: Python<'_>, data: &Bound<'_, PyBytes>) {
        self.body.get(py).unread(Bytes::copy_from_slice(data.as_bytes()));
    }

    /// How much waits to be read where nobody reads: from where on no more is received, and the most.
    fn get_read_buffer_limits(&self, py: Python<'_>) -> (usize, usize) {
        let high = self.body.get(py).high.get();
        (high / 2, high)
    }

    /// Makes room for pieces of `n` bytes.
    fn set_read_chunk_size(&self, py: Python<'_>, n: usize) {
        let high = &self.body.get(py).high;
        high.set(high.get().max(n.saturating_mul(2)));
    }

    /// Lines.
    fn __aiter__(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::pieces(slf, By::Line)
    }

    /// Pieces of up to `n` bytes.
    fn iter_chunked(slf: &Bound<'_, Self>, n: isize) -> PyResult<Owned> {
        Self::pieces(slf, By::Count(n))
    }

    /// Pieces as they come.
    fn iter_any(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::pieces(slf, By::Any)
    }

    /// Pieces as they come, and whether each ends a chunk.
    fn iter_chunks(slf: &Bound<'_, Self>) -> PyResult<Owned> {
        Self::pieces(slf, By::Chunk)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.body.get(py).visit(&visit)
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        self.body.get(unsafe { Python::assume_attached() }).clear();
    }
}

/// How a body is divided.
#[derive(Clone, Copy)]
enum By {
    Line,
    Any,
    Chunk,
    Count(isize),
}

/// The pieces of a response's body, one after the other.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpPieces {
    content: GilCell<Option<Owned>>,
    by: By,
}

#[pymethods]
impl HttpPieces {
    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Owned> {
        let content = self.content.with(py, |content| content.clone());
        let Some(content) = content else { return Err(PyStopAsyncIteration::new_err(())) };
        let content = content.bind(py).cast::<HttpContent>()?;
        let shared = content.get();
        let want = match self.by {
            By::Line => Want::Until(vec![b'\n'], shared.most(py, None)),
            By::Any => Want::Any,
            By::Chunk => Want::Chunk,
            By::Count(n) => count(n),
        };
        let body = shared.body.get(py);
        let next = Next(Read::new(Rc::clone(body), want));
        HttpReading::create(py, body.home(), Rc::new(next), content.clone().into_any().into())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        self.content.with(py, |content| content.as_ref().map_or(Ok(()), |content| content.visit(&visit)))
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        let py = unsafe { Python::assume_attached() };
        let content = self.content.with(py, Option::take);
        drop(content);
    }
}

/// A read that ends the iteration when there is nothing more.
struct Next(Read);

impl Job for Next {
    fn poll(&self, py: Python<'_>, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        self.0.poll(py, cx)
    }

    fn cancel(&self, py: Python<'_>) {
        self.0.cancel(py);
    }
}

impl Outcome for Next {
    fn take(&self, py: Python<'_>) -> PyResult<Owned> {
        let piece = self.0.take(py)?;
        let object = piece.bind(py);
        let data = match object.cast::<PyTuple>() {
            Ok(pair) => pair.get_item(0)?,
            Err(_) => object.clone(),
        };
        if data.len()? > 0 { Ok(piece) } else { Err(PyStopAsyncIteration::new_err(())) }
    }
}
