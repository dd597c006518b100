//! What is done with an endpoint: it is watched, and its protocol is told.

use pyo3::PyClass;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::{PyString, PyWeakrefReference};
use rondel_net::Pressure;

use super::Endpoint;
use crate::errors::{ends_the_loop, os_error};
use crate::event_loop::{self, Core, Direction, Watch};
use crate::pressure::Parties;
use crate::raw::{Owned, call_method, copy_context};

/// A native half with an [`Endpoint`] in it.
pub trait Watched: PyClass<Frozen = True> + Sync {
    /// What stands among the loop's watches for one that reads.
    const READ: fn(Owned) -> Watch;
    /// The same for one that has something to write.
    const WRITE: fn(Owned) -> Watch;

    /// Runs `look` on the endpoint. It must not call into Python, nor drop a reference.
    fn endpoint<R>(&self, py: Python<'_>, look: impl FnOnce(&mut Endpoint) -> R) -> R;

    /// Whether reading ends as closing begins.
    fn close_ends_reading(&self) -> bool {
        true
    }

    /// Tells the protocol to pause if what waits to be written has risen above high water.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    fn grown(&self, py: Python<'_>) -> PyResult<()>;

    /// Who is told of errors in callbacks, and of whose; also once the endpoint has let go of them.
    fn parties(&self, py: Python<'_>) -> Parties {
        self.endpoint(py, |endpoint| Parties {
            protocol: endpoint.protocol(),
            transport: endpoint.transport.clone(),
            event_loop: endpoint.event_loop.clone(),
        })
    }

    fn transport(&self, py: Python<'_>) -> Option<Owned> {
        self.endpoint(py, |endpoint| endpoint.transport.clone())
    }

    /// Tells the protocol of a change of pressure.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`.
    #[inline]
    fn tell(&self, py: Python<'_>, pressure: Pressure) -> PyResult<()> {
        if pressure == Pressure::Unchanged { Ok(()) } else { self.parties(py).tell(py, pressure) }
    }

    /// Runs `look` on the loop's native half, unless the transport is over.
    #[inline]
    fn with_core<R>(&self, py: Python<'_>, look: impl FnOnce(&Core) -> PyResult<R>) -> PyResult<Option<R>> {
        let Some(event_loop) = self.endpoint(py, |endpoint| endpoint.event_loop.clone()) else { return Ok(None) };
        // SAFETY: an endpoint is made with an EventLoop.
        let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) }?;
        look(core.get()).map(Some)
    }

    /// Watches the descriptor in one direction, or ends that.
    fn watch(slf: &Bound<'_, Self>, direction: Direction, on: bool) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let (Some(fd), entry) = this.endpoint(py, |endpoint| (endpoint.fd, endpoint.entry)) else { return Ok(()) };
        if on {
            this.with_core(py, Core::check_open)?;
        }
        let context = if on { Some(copy_context(py)?) } else { None };
        let old_context = this.endpoint(py, |endpoint| match direction {
            Direction::Read => {
                endpoint.watching = on;
                std::mem::replace(&mut endpoint.read_context, context)
            }
            Direction::Write => std::mem::replace(&mut endpoint.write_context, context),
        });
        drop(old_context);
        let object = slf.clone().into_any().into();
        let watch = match direction {
            Direction::Read => Self::READ(object),
            Direction::Write => Self::WRITE(object),
        };
        let old = this.with_core(py, |core| {
            let old = core.with(py, |state| {
                if on && entry.is_none_or(|key| state.is_transport(fd, key)) {
                    state.watch(fd, direction, Some(watch.clone()))
                } else if !on && state.stands_for(fd, direction, &watch) {
                    state.watch(fd, direction, None)
                } else {
                    // Somebody else's by now: `add_reader`, or a number that serves another file.
                    Ok(None)
                }
            });
            // A closed loop watches nothing.
            old.unwrap_or(Ok(None)).map_err(|error| os_error(py, &error))
        })?;
        drop(old);
        Ok(())
    }

    /// Enters a socket among the loop's, so that `add_reader` on it is refused. Reads nothing yet.
    fn enter(&self, py: Python<'_>) -> PyResult<()> {
        let entered = self.endpoint(py, |endpoint| endpoint.fd.zip(endpoint.transport.clone()));
        if let Some((fd, transport)) = entered {
            let transport = PyWeakrefReference::new(transport.bind(py))?.into_any();
            let enter = |core: &Core| Ok(core.with(py, |state| state.enter_transport(fd, transport.into())));
            if let Some((key, stale)) = self.with_core(py, enter)?.flatten() {
                self.endpoint(py, |endpoint| endpoint.entry = Some(key));
                drop(stale);
            }
        }
        Ok(())
    }

    /// Takes the descriptor from the loop.
    fn leave(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        match this.endpoint(py, |endpoint| (endpoint.fd, endpoint.entry.take())) {
            (Some(fd), Some(key)) => {
                let removed = this.with_core(py, |core| Ok(core.with(py, |state| state.remove_transport(fd, key))))?;
                drop(removed);
            }
            // Both ends of a terminal may be the same descriptor: the other one goes on.
            (Some(_), None) => {
                Self::watch(slf, Direction::Read, false)?;
                Self::watch(slf, Direction::Write, false)?;
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// All that was queued is sent. The transport may end with that: who is told of an error is noted before.
    ///
    /// Errors: `KeyboardInterrupt`, `SystemExit`, and what the exception handler raises.
    #[cold]
    fn drained(&self, py: Python<'_>) -> PyResult<()> {
        let parties = self.parties(py);
        let Some(transport) = &parties.transport else { return Ok(()) };
        match call_method(intern!(py, "_drained"), [transport.bind(py)]) {
            Ok(_) => Ok(()),
            Err(error) => parties.report(py, error, "Fatal error: protocol.connection_lost() call failed."),
        }
    }

    /// Counts a write that goes nowhere, and warns of them from some number on. `pipe`: what is gone is a pipe's reader.
    #[cold]
    fn write_to_lost(&self, py: Python<'_>, pipe: bool) -> PyResult<()> {
        let lost = self.endpoint(py, |endpoint| {
            endpoint.lost = endpoint.lost.saturating_add(1);
            endpoint.lost
        });
        py.import(intern!(py, "rondel._debug"))?.call_method1(intern!(py, "write_to_lost_connection"), (lost, pipe))?;
        Ok(())
    }

    /// Reports an error that ends the transport: to the loop's exception handler unless the network is to blame, and to
    /// the protocol. `KeyboardInterrupt` and `SystemExit` pass through.
    #[cold]
    fn fatal(&self, py: Python<'_>, error: PyErr, message: &str) -> PyResult<()> {
        if ends_the_loop(py, &error) {
            return Err(error);
        }
        if let Some(transport) = self.transport(py) {
            let error = error.into_value(py).into_bound(py).into_any();
            let message = PyString::new(py, message).into_any();
            call_method(intern!(py, "_fatal_error"), [transport.bind(py), &error, &message])?;
        }
        Ok(())
    }
}
