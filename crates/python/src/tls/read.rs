//! From ciphertext that came to the application.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use rondel_net::tls::{Left, Phase};

use super::engine::{Decrypted, Ending, Engine};
use super::pump::FATAL;
use super::{Tls, tls_of_protocol};
use crate::protocol::{Feed, Protocol};
use crate::raw::{Args, Owned, call_method};
use crate::stream::{View, WritableView};

/// `protocol.data_received(data)`, for a transport that is not ours.
pub fn data_received(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live TLSProtocol, and with one live argument.
    let (tls, data) = unsafe { (tls_of_protocol(py, slf)?, Borrowed::from_ptr(py, args.positional()[0])) };
    let view = View::new(&data)?;
    tls.get().feed(py, view.bytes())?;
    drop(view);
    Tls::pump(&tls)?;
    Ok(py.None().into_bound(py).into())
}

/// Whether ciphertext is exactly one record, by its header (RFC 8446, 5.1).
fn is_one_record(data: &[u8]) -> bool {
    matches!(data, [_, _, _, high, low, body @ ..] if usize::from(u16::from_be_bytes([*high, *low])) == body.len())
}

impl Tls {
    /// Puts ciphertext that came into the library's buffer. After the end it is dropped.
    #[inline]
    pub fn feed(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let engine = self.with(py, |state| {
            let engine = state.engine.clone().filter(|_| state.machine.phase() != Phase::Closed)?;
            state.single = state.machine.read_buffer_size() == 0 && !state.partial && is_one_record(data);
            Some(engine)
        });
        let Some(engine) = engine else { return Ok(()) };
        engine.feed(py, data)?;
        self.with(py, |state| state.machine.received(data.len()));
        Ok(())
    }

    #[inline]
    pub(super) fn read(&self, py: Python<'_>) -> PyResult<()> {
        let ready = self.with(py, |state| {
            let ready = (state.engine.clone()?, state.protocol.clone()?);
            let known = (state.machine.read_buffer_size(), state.partial, state.single);
            state.single = false;
            Some((ready, known))
        });
        let Some(((engine, protocol), (incoming, partial, single))) = ready else {
            self.with(py, |state| state.machine.fail());
            return Ok(());
        };
        if let Feed::Buffered = protocol.feed() {
            return self.read_buffered(py, &engine, &protocol);
        }
        let Decrypted { data, end } = engine.decrypt(py, incoming, partial, single);
        let failed = self.read_ended(py, &engine, end, data.is_some());
        if let Some(data) = data {
            let given = Self::deliver(py, &protocol, &data);
            self.with(py, |state| state.machine.delivered());
            // Both at once would end the connection twice.
            if failed.is_none() || given.is_err() {
                return self.check(py, given);
            }
        }
        failed.map_or(Ok(()), |error| self.fail(py, &engine, error, "_fatal_error", Some(FATAL)))
    }

    /// Reports how a read ended. Gives its error: the application gets what came before that.
    #[inline]
    fn read_ended(&self, py: Python<'_>, engine: &Engine, end: Ending, data: bool) -> Option<PyErr> {
        let partial = matches!(end, Ending::Partial | Ending::Full);
        let left = match end {
            Ending::Left(left) => Ok(left),
            Ending::Partial => Ok(Left::Nothing),
            Ending::Full => Ok(Left::Perhaps),
            Ending::Failed(error) => Err(error),
        };
        match left.and_then(|left| Ok((left, engine.incoming(py)?, engine.outgoing(py)?))) {
            Ok((left, incoming, outgoing)) => {
                self.with(py, |state| {
                    state.partial = partial;
                    state.machine.read_ended(left, data, incoming, outgoing);
                });
                None
            }
            Err(error) => {
                self.with(py, |state| state.machine.fail());
                Some(error)
            }
        }
    }

    #[inline]
    fn deliver(py: Python<'_>, protocol: &Protocol, data: &Owned) -> PyResult<()> {
        call_method(intern!(py, "data_received"), [protocol.object().bind(py), data.bind(py)]).map(drop)
    }

    fn read_buffered(&self, py: Python<'_>, engine: &Engine, protocol: &Protocol) -> PyResult<()> {
        let object = protocol.object().bind(py);
        let hint = self.with(py, |state| state.machine.read_buffer_size()).into_pyobject(py)?;
        let buffer = call_method(intern!(py, "get_buffer"), [object, hint.as_any()])
            .and_then(|buffer| WritableView::new(buffer.bind(py)));
        let mut buffer = match buffer {
            Ok(buffer) => buffer,
            Err(error) => {
                self.with(py, |state| state.machine.fail());
                return self.check(py, Err(error));
            }
        };
        let (filled, end) = engine.decrypt_into(py, buffer.bytes());
        drop(buffer);
        let failed = self.read_ended(py, engine, end, filled > 0);
        if filled > 0 {
            let count = filled.into_pyobject(py)?;
            let given = call_method(intern!(py, "buffer_updated"), [object, count.as_any()]).map(drop);
            self.with(py, |state| state.machine.delivered());
            if failed.is_none() || given.is_err() {
                return self.check(py, given);
            }
        }
        failed.map_or(Ok(()), |error| self.fail(py, engine, error, "_fatal_error", Some(FATAL)))
    }
}
