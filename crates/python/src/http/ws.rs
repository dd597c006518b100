//! WebSocket messages for Python, read and written by `rondel_http::ws`. When that is done, and over which connection, is
//! the business of python/rondel/http.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};
use rondel_http::ws::{Decoder, Deflate, Masks, Message, Opcode, Violation, frame};

use crate::cell::GilCell;
use crate::errors::os_error;
use crate::stream::View;

/// What `next` gives: the opcode, the data and what aiohttp calls `extra`: the reason of an end, and nothing else.
type Told<'py> = (u8, Bound<'py, PyAny>, Bound<'py, PyString>);

/// From bytes to messages.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpWsDecoder {
    state: GilCell<Reading>,
}

struct Reading {
    decoder: Decoder,
    /// What was fed, in its order.
    inputs: VecDeque<Py<PyBytes>>,
    /// How much of the first of them is read.
    read: usize,
    /// How much of all of them is not.
    waiting: usize,
}

#[pymethods]
impl HttpWsDecoder {
    /// `max_msg_size` in bytes, exclusively; 0: none. `compress`: the handshake has agreed on it. `decode_text`: texts are
    /// str, not bytes.
    #[new]
    fn new(max_msg_size: usize, compress: bool, decode_text: bool) -> Self {
        let decoder = Decoder::new(max_msg_size, compress, decode_text);
        Self { state: GilCell::new(Reading { decoder, inputs: VecDeque::new(), read: 0, waiting: 0 }) }
    }

    /// How many bytes were fed and are not read.
    #[getter]
    fn waiting(&self, py: Python<'_>) -> usize {
        self.state.with(py, |state| state.waiting)
    }

    /// Takes bytes that the peer has sent.
    fn feed(&self, data: &Bound<'_, PyBytes>) {
        let (object, len) = (data.clone().unbind(), data.as_bytes().len());
        self.state.with(data.py(), |state| {
            state.waiting += len;
            state.inputs.push_back(object);
        });
    }

    /// The next message; `None`: more bytes are needed.
    ///
    /// Raises `WebSocketError`, `zlib.error` for what can't be inflated. The next call raises it again.
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Option<Told<'py>>> {
        loop {
            let first = self.state.with(py, |state| Some((state.inputs.front()?.clone_ref(py), state.read)));
            let Some((input, from)) = first else { return Ok(None) };
            let bytes = input.as_bytes(py);
            let mut rest = bytes.get(from..).unwrap_or_default();
            let before = rest.len();
            let message = self.state.with(py, |state| state.decoder.next(&mut rest));
            let done = self.state.with(py, |state| {
                state.waiting = state.waiting.saturating_sub(before - rest.len());
                state.read = bytes.len() - rest.len();
                // A violation stays at the front, to be found again.
                if !rest.is_empty() || message.is_err() {
                    return None;
                }
                state.read = 0;
                state.inputs.pop_front()
            });
            drop(done);
            match message {
                Ok(Some(message)) => return tell(py, &message).map(Some),
                Ok(None) => {}
                Err(violation) => return Err(exception(py, &violation)),
            }
        }
    }
}

fn tell<'py>(py: Python<'py>, message: &Message<'_>) -> PyResult<Told<'py>> {
    let bytes = |data: &[u8]| PyBytes::new(py, data).into_any();
    let (opcode, data) = match message {
        Message::Text(text) => (Opcode::Text, PyString::new(py, text).into_any()),
        Message::RawText(text) => (Opcode::Text, bytes(text)),
        Message::Binary(data) => (Opcode::Binary, bytes(data)),
        Message::Ping(data) => (Opcode::Ping, bytes(data)),
        Message::Pong(data) => (Opcode::Pong, bytes(data)),
        Message::Close { code, reason } => {
            let code = code.unwrap_or(0).into_pyobject(py)?.into_any();
            return Ok((Opcode::Close.bits(), code, PyString::new(py, reason)));
        }
    };
    Ok((opcode.bits(), data, PyString::new(py, "")))
}

#[cold]
fn exception(py: Python<'_>, violation: &Violation) -> PyErr {
    let made = match violation {
        Violation::Protocol { code, text } => py.import(intern!(py, "rondel.http._ws_types")).and_then(|types| {
            let code = types.call_method1(intern!(py, "WSCloseCode"), (*code,))?;
            types.call_method1(intern!(py, "WebSocketError"), (code, text))
        }),
        Violation::Corrupt(_) => py
            .import(intern!(py, "zlib"))
            .and_then(|module| module.call_method1(intern!(py, "error"), (violation.to_string(),))),
    };
    made.map_or_else(|error| error, PyErr::from_value)
}

/// From messages to frames.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct HttpWsEncoder {
    masks: GilCell<Masks>,
    /// `None`: the handshake has not agreed on compression. A lock of its own, as large messages are compressed without the
    /// GIL: whoever holds it never waits for that.
    deflate: Mutex<Option<Deflate>>,
    takeover: bool,
}

#[pymethods]
impl HttpWsEncoder {
    /// `wbits`: the size of the window for compression, 9 to 15; 0: none. `notakeover`: each message is compressed alone.
    ///
    /// Raises `ValueError` for other windows.
    #[new]
    fn new(wbits: u8, notakeover: bool) -> PyResult<Self> {
        let takeover = !notakeover;
        let deflate = if wbits == 0 { None } else { Some(compressor(wbits, takeover)?) };
        Ok(Self { masks: GilCell::new(Masks::new()), deflate: Mutex::new(deflate), takeover })
    }

    /// One frame, whole and masked. `compressed`: `data` is what `deflate` gave.
    ///
    /// Raises `ValueError` for an opcode that RFC 6455 reserves, `OSError` if the system gives no random numbers.
    fn frame<'py>(
        &self,
        py: Python<'py>,
        opcode: u8,
        data: &Bound<'py, PyAny>,
        compressed: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let opcode = Opcode::of(opcode)
            .ok_or_else(|| PyValueError::new_err(format!("{opcode} is no opcode of a WebSocket frame")))?;
        let mask = self.masks.with(py, Masks::draw).map_err(|error| os_error(py, &error))?;
        let view = View::new(data)?;
        let payload = view.bytes();
        PyBytes::new_with(py, frame::encoded_len(payload.len()), |out| {
            frame::encode(out, opcode, compressed, mask, payload);
            Ok(())
        })
    }

    /// A message, compressed for a frame. `wbits`: with a window of that size, for this message alone; 0: as agreed. May be
    /// called in any thread; messages must be sent in the order in which they were compressed.
    ///
    /// Raises `ValueError` for another window, or if nothing was agreed.
    #[pyo3(signature = (data, wbits = 0))]
    #[allow(clippy::needless_pass_by_value)] // how PyO3 gives bytes that are used without the GIL
    fn deflate<'py>(&self, py: Python<'py>, data: PyBackedBytes, wbits: u8) -> PyResult<Bound<'py, PyBytes>> {
        let compressed = if wbits == 0 {
            py.detach(|| {
                let mut deflate = self.deflate.lock().unwrap_or_else(PoisonError::into_inner);
                deflate.as_mut().map(|deflate| deflate.message(&data))
            })
        } else {
            let mut deflate = compressor(wbits, self.takeover)?;
            Some(py.detach(|| deflate.message(&data)))
        };
        match compressed {
            Some(Ok(compressed)) => Ok(PyBytes::new(py, &compressed)),
            Some(Err(error)) => Err(os_error(py, &error)),
            None => Err(PyValueError::new_err("the handshake has not agreed on compression")),
        }
    }
}

fn compressor(wbits: u8, takeover: bool) -> PyResult<Deflate> {
    Deflate::new(wbits, takeover)
        .ok_or_else(|| PyValueError::new_err(format!("the window of a compressor has 9 to 15 bits, not {wbits}")))
}
