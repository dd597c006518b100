//! What the Python half asks of an endpoint: once a connection, or seldom.

/// What the Python half of a transport with an endpoint asks for. (A class of PyO3's inherits no methods from a trait.)
/// Beside [`Watched`](super::Watched) the class has `with`, which gives a state with an `endpoint`, a `queue`, and a
/// `drain` of all but the protocol.
macro_rules! endpoint_methods {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// Watches the descriptor for readability, in a copy of the current context.
            fn start_reading(slf: &Bound<'_, Self>) -> PyResult<()> {
                Self::watch(slf, Direction::Read, true)
            }

            /// Ends that.
            fn stop_reading(slf: &Bound<'_, Self>) -> PyResult<()> {
                Self::watch(slf, Direction::Read, false)
            }

            /// Marks the transport as closing, and ends reading (but a pipe that is written goes on watching its
            /// reader). Tells whether that is new.
            fn begin_close(slf: &Bound<'_, Self>) -> PyResult<bool> {
                let py = slf.py();
                let this = slf.get();
                let new = this.endpoint(py, |endpoint| !std::mem::replace(&mut endpoint.closing, true));
                if new && this.close_ends_reading() {
                    Self::watch(slf, Direction::Read, false)?;
                }
                Ok(new)
            }

            /// Drops what waits to be sent, and ends writing.
            fn discard(slf: &Bound<'_, Self>) -> PyResult<()> {
                let dropped = slf.get().with(slf.py(), |state| state.queue.take());
                if !dropped.is_empty() {
                    Self::watch(slf, Direction::Write, false)?;
                }
                Ok(())
            }

            /// Takes the descriptor from the loop and drops all that is held. Gives the protocol. The descriptor may be
            /// closed from now on.
            fn disconnect<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
                let py = slf.py();
                Self::leave(slf)?;
                let (protocol, rest) = slf.get().with(py, |state| {
                    state.endpoint.fd = None;
                    state.endpoint.closing = true;
                    (state.endpoint.protocol.take(), state.drain())
                });
                drop(rest);
                Ok(protocol.map(|protocol| protocol.object().bind(py).clone()))
            }

            #[getter(event_loop)]
            fn get_event_loop<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
                self.endpoint(py, |endpoint| endpoint.event_loop.clone()).map(|object| object.bind(py).clone())
            }

            #[getter(transport)]
            fn get_transport<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
                self.transport(py).map(|object| object.bind(py).clone())
            }

            #[getter]
            fn get_protocol<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
                self.endpoint(py, |endpoint| endpoint.protocol()).map(|object| object.bind(py).clone())
            }

            #[setter]
            fn set_protocol(&self, py: Python<'_>, protocol: &Bound<'_, PyAny>) -> PyResult<()> {
                let protocol = $crate::protocol::Protocol::new(protocol)?;
                let old = self.endpoint(py, |endpoint| endpoint.protocol.replace(protocol));
                drop(old);
                Ok(())
            }

            /// How often the other end was found gone; counting up from the first time on.
            #[getter]
            fn get_lost(&self, py: Python<'_>) -> u32 {
                self.endpoint(py, |endpoint| endpoint.lost)
            }

            #[setter]
            fn set_lost(&self, py: Python<'_>, lost: u32) {
                self.endpoint(py, |endpoint| endpoint.lost = lost);
            }

            #[getter]
            fn closing(&self, py: Python<'_>) -> bool {
                self.endpoint(py, |endpoint| endpoint.closing)
            }

            #[getter]
            fn watching(&self, py: Python<'_>) -> bool {
                self.endpoint(py, |endpoint| endpoint.watching)
            }

            #[getter]
            fn get_paused(&self, py: Python<'_>) -> bool {
                self.endpoint(py, |endpoint| endpoint.paused)
            }

            #[setter]
            fn set_paused(&self, py: Python<'_>, paused: bool) {
                self.endpoint(py, |endpoint| endpoint.paused = paused);
            }

            /// `(low, high)`, in bytes.
            #[getter]
            fn write_buffer_limits(&self, py: Python<'_>) -> (usize, usize) {
                self.endpoint(py, |endpoint| endpoint.watermarks.limits())
            }

            /// Sets the limits, and tells the protocol to pause if what waits stands above them already. False, and
            /// nothing changed, if low is above high.
            fn set_limits(&self, py: Python<'_>, high: usize, low: usize) -> PyResult<bool> {
                if self.endpoint(py, |endpoint| endpoint.watermarks.set(high, low)).is_none() {
                    return Ok(false);
                }
                self.grown(py)?;
                Ok(true)
            }

            /// Whether the protocol was told to pause writing.
            #[getter]
            fn writing_paused(&self, py: Python<'_>) -> bool {
                self.endpoint(py, |endpoint| endpoint.watermarks.is_paused())
            }
        }
    };
}

pub(crate) use endpoint_methods;
