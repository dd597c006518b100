//! What the Python half asks for: once a connection, or seldom.

use pyo3::prelude::*;
use rondel_net::tls::{Closing, Phase};

use super::{Below, State, Tls};
use crate::protocol::Protocol;

#[pymethods]
impl Tls {
    /// There is a transport for the ciphertext: begins the handshake, unless the connection is closed already.
    fn start(slf: &Bound<'_, Self>, transport: &Bound<'_, PyAny>, server_side: bool) -> PyResult<()> {
        let below = Below::new(transport);
        let stale = slf.get().with(slf.py(), |state| {
            state.machine.start(!server_side);
            state.below.replace(below)
        });
        drop(stale);
        Self::pump(slf)
    }

    /// The transport's other end sends no more.
    fn transport_ended(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().with(slf.py(), |state| state.machine.transport_ended());
        Self::pump(slf)
    }

    /// The transport takes no more at present, or takes some again.
    fn pause_sending(slf: &Bound<'_, Self>, paused: bool) -> PyResult<()> {
        slf.get().with(slf.py(), |state| state.machine.pause_sending(paused));
        if paused { Ok(()) } else { Self::pump(slf) }
    }

    /// Goes on where something has changed.
    #[pyo3(name = "pump")]
    fn go_on(slf: &Bound<'_, Self>) -> PyResult<()> {
        Self::pump(slf)
    }

    /// Begins to close. True: there is nothing to be said to the peer, so the transport is to be aborted.
    fn close(slf: &Bound<'_, Self>) -> PyResult<bool> {
        match slf.get().with(slf.py(), |state| state.machine.close()) {
            Closing::Already => Ok(false),
            Closing::Abort => Ok(true),
            Closing::Begun => Self::pump(slf).map(|()| false),
        }
    }

    /// Ends all work. What waits to be written is dropped.
    fn abort(&self, py: Python<'_>) {
        let dropped = self.with(py, |state| {
            state.machine.abort();
            std::mem::take(&mut state.backlog)
        });
        drop(dropped);
    }

    /// The transport is lost: as `abort`, and all that is held is let go.
    fn release(&self, py: Python<'_>) {
        let held = self.with(py, |state| {
            state.lost = state.lost.saturating_add(1);
            State::release(state)
        });
        drop(held);
    }

    /// Whether it closes or is closed.
    #[getter]
    fn closing(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.machine.is_closing())
    }

    /// `idle`, `handshaking`, `open`, `flushing`, `shutting down` or `closed`.
    #[getter]
    fn phase(&self, py: Python<'_>) -> &'static str {
        match self.with(py, |state| state.machine.phase()) {
            Phase::Idle => "idle",
            Phase::Handshaking => "handshaking",
            Phase::Open => "open",
            Phase::Flushing => "flushing",
            Phase::ShuttingDown => "shutting down",
            Phase::Closed => "closed",
        }
    }

    /// Whether the application pauses reading. After it resumes, `pump`.
    #[getter]
    fn get_reading_paused(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.machine.is_reading_paused())
    }

    #[setter]
    fn set_reading_paused(&self, py: Python<'_>, paused: bool) {
        self.with(py, |state| state.machine.pause_reading(paused));
    }

    /// Whether the application was told to pause writing.
    #[getter]
    fn writing_paused(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.machine.is_writing_paused())
    }

    /// Bytes that wait to go out.
    #[getter]
    fn write_buffer_size(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.machine.write_buffer_size())
    }

    /// Bytes of ciphertext that wait to be decrypted.
    #[getter]
    fn read_buffer_size(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.machine.read_buffer_size())
    }

    /// `(low, high)` of what waits to go out, in bytes.
    #[getter]
    fn write_limits(&self, py: Python<'_>) -> (usize, usize) {
        self.with(py, |state| state.machine.write_limits().limits())
    }

    /// `(low, high)` of what waits to be decrypted, in bytes.
    #[getter]
    fn read_limits(&self, py: Python<'_>) -> (usize, usize) {
        self.with(py, |state| state.machine.read_limits().limits())
    }

    /// Sets the marks of what waits to go out. False, and nothing changed, if low is above high.
    fn set_write_limits(slf: &Bound<'_, Self>, high: usize, low: usize) -> PyResult<bool> {
        Self::set_limits(slf, |state| state.machine.write_limits().set(high, low))
    }

    /// Sets the marks of what waits to be decrypted. As above.
    fn set_read_limits(slf: &Bound<'_, Self>, high: usize, low: usize) -> PyResult<bool> {
        Self::set_limits(slf, |state| state.machine.read_limits().set(high, low))
    }

    #[getter]
    fn get_protocol<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.with(py, |state| state.protocol.as_ref().map(|protocol| protocol.object().clone()))
            .map(|protocol| protocol.bind(py).clone())
    }

    #[setter]
    fn set_protocol(&self, py: Python<'_>, protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        let protocol = Protocol::new(protocol)?;
        let old = self.with(py, |state| state.protocol.replace(protocol));
        drop(old);
        Ok(())
    }
}

impl Tls {
    fn set_limits(slf: &Bound<'_, Self>, set: impl FnOnce(&mut State) -> Option<()>) -> PyResult<bool> {
        if slf.get().with(slf.py(), set).is_none() {
            return Ok(false);
        }
        Self::pump(slf).map(|()| true)
    }
}
