//! Descriptors that the loop watches, by their numbers: what `add_reader` and `add_writer` speak of.

use std::os::fd::RawFd;

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};
use rondel_engine::SourceKey;

use super::core::{Core, State, Watched, closed};
use super::core_of;
use super::item::Watch;
use super::schedule::trace;
use crate::errors::os_error;
use crate::handle::{self, Pending};
use crate::raw::{Owned, call_method};

/// Which direction of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
}

impl State {
    /// Sets or removes what is queued when `fd` is ready, and gives back what stood there.
    ///
    /// Errors: those of `Driver::set_reader`.
    pub fn watch(&mut self, fd: RawFd, direction: Direction, watch: Option<Watch>) -> std::io::Result<Option<Watch>> {
        let known = self.watched.get(&fd).map(|entry| entry.key);
        let key = match (known, &watch) {
            (Some(key), _) => key,
            (None, None) => return Ok(None),
            (None, Some(_)) => self.driver.add_source(fd),
        };
        let changed = match direction {
            Direction::Read => self.driver.set_reader(key, watch),
            Direction::Write => self.driver.set_writer(key, watch),
        };
        if known.is_none() {
            if changed.is_ok() {
                self.watched.insert(fd, Watched { key, transport: None });
            } else {
                self.driver.remove_source(key);
            }
        } else if matches!(self.driver.watchers(key), (None, None))
            && self.watched.get(&fd).is_some_and(|entry| entry.transport.is_none())
        {
            self.watched.remove(&fd);
            self.driver.remove_source(key);
        }
        changed
    }

    /// Sets what is queued when `fd` is ready, the next time only, and gives back what stood there.
    ///
    /// Errors: those of `Driver::set_reader`.
    pub fn watch_once(&mut self, fd: RawFd, direction: Direction, watch: Watch) -> std::io::Result<Option<Watch>> {
        let known = self.watched.get(&fd).map(|entry| entry.key);
        let key = known.unwrap_or_else(|| self.driver.add_source(fd));
        let changed = match direction {
            Direction::Read => self.driver.set_reader_once(key, watch),
            Direction::Write => self.driver.set_writer_once(key, watch),
        };
        // It stays known between one time and the next: who closes the descriptor meanwhile need not say so.
        if known.is_none() {
            if changed.is_ok() {
                self.watched.insert(fd, Watched { key, transport: None });
            } else {
                self.driver.remove_source(key);
            }
        }
        changed
    }

    /// Whether the object of `watch` is what stands there for `fd`.
    pub fn stands_for(&self, fd: RawFd, direction: Direction, watch: &Watch) -> bool {
        let Some(entry) = self.watched.get(&fd) else { return false };
        let (reader, writer) = self.driver.watchers(entry.key);
        let standing = if direction == Direction::Read { reader } else { writer };
        let address = |watch: &Watch| watch.object().map(Owned::as_ptr);
        standing.is_some_and(|standing| address(standing).is_some_and(|ours| address(watch) == Some(ours)))
    }
}

impl State {
    /// Enters the socket of a transport, given as a weak reference: gives the key of the entry. Whatever was known of a
    /// descriptor of that number before is forgotten, and given back to be dropped: the descriptor was closed without a word.
    ///
    /// What somebody was told of once, as a client is of its connection, and nobody waits for now, becomes the entry: the
    /// system knows the descriptor already, or has forgotten it with that one's close, and is silent in any case.
    pub fn enter_transport(&mut self, fd: RawFd, transport: Owned) -> (SourceKey, Removed) {
        if let Some(entry) = self.watched.get_mut(&fd)
            && entry.transport.is_none()
            && matches!(self.driver.watchers(entry.key), (None, None))
        {
            entry.transport = Some(transport);
            return (entry.key, None);
        }
        let stale = self.remove(fd);
        let key = self.driver.add_source(fd);
        self.watched.insert(fd, Watched { key, transport: Some(transport) });
        (key, stale)
    }

    /// Forgets the entry of a transport, unless the number is another one's by now, and gives back what was held for it.
    pub fn remove_transport(&mut self, fd: RawFd, key: SourceKey) -> Removed {
        if self.is_transport(fd, key) { self.remove(fd) } else { None }
    }

    /// Whether the number is still that of the transport whose entry has this key.
    pub fn is_transport(&self, fd: RawFd, key: SourceKey) -> bool {
        self.watched.get(&fd).is_some_and(|entry| entry.key == key)
    }

    fn remove(&mut self, fd: RawFd) -> Removed {
        let entry = self.watched.remove(&fd)?;
        let (reader, writer) = self.driver.remove_source(entry.key);
        Some((entry.transport, reader, writer))
    }
}

/// What was held for a descriptor: its transport, and what stood for reading and for writing.
pub type Removed = Option<(Option<Owned>, Option<Watch>, Option<Watch>)>;

/// Sets or removes what is queued each time `fd` is ready, and gives back what stood there.
///
/// Errors: `RuntimeError` if the loop is closed, `OSError` if the descriptor can't be watched.
pub fn set_watch(
    core: &Core,
    py: Python<'_>,
    fd: RawFd,
    direction: Direction,
    watch: Option<Watch>,
) -> PyResult<Option<Watch>> {
    let previous = core.with(py, |state| state.watch(fd, direction, watch)).ok_or_else(closed)?;
    previous.map_err(|error| os_error(py, &error))
}

/// Queues `watch` when `fd` is ready, the next time only. A handle that stood there is cancelled, as `add_reader` does.
///
/// Errors: `RuntimeError` if the loop is closed, `OSError` if the descriptor can't be watched.
pub fn wait_once(core: &Core, py: Python<'_>, fd: RawFd, direction: Direction, watch: Watch) -> PyResult<()> {
    let previous = core.with(py, |state| state.watch_once(fd, direction, watch)).ok_or_else(closed)?;
    match previous.map_err(|error| os_error(py, &error))? {
        Some(Watch::Handle(handle)) => call_method(intern!(py, "cancel"), [handle.object().bind(py)]).map(drop),
        _ => Ok(()),
    }
}

/// Errors: `RuntimeError` if a transport uses the descriptor that is not about to close it.
#[inline]
pub fn check_free(core: &Core, py: Python<'_>, fd: RawFd) -> PyResult<()> {
    let Some(transport) = core.transport_of(py, fd) else { return Ok(()) };
    if transport.call_method0(intern!(py, "is_closing"))?.is_truthy()? {
        return Ok(());
    }
    let transport = transport.repr()?;
    Err(PyRuntimeError::new_err(format!("File descriptor {fd} is used by transport {transport}")))
}

impl Core {
    fn watch_handle<'py>(
        &self,
        py: Python<'py>,
        fd: RawFd,
        direction: Direction,
        handle: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let watch = match handle {
            Some(handle) => {
                handle::check(handle)?;
                // SAFETY: it is a handle of ours.
                Some(Watch::Handle(unsafe { Pending::new(handle.clone().into()) }))
            }
            None => None,
        };
        let previous = set_watch(self, py, fd, direction, watch)?;
        Ok(previous.and_then(|watch| Some(watch.object()?.bind(py).clone())))
    }
}

#[pymethods]
impl Core {
    /// A handle of `event_loop` for `callback(*args)`, in a copy of the current context, scheduled
    /// nowhere yet.
    #[staticmethod]
    #[allow(clippy::needless_pass_by_value)] // how PyO3 gives a sequence
    fn make_handle<'py>(
        event_loop: &Bound<'py, PyAny>,
        callback: &Bound<'py, PyAny>,
        args: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = event_loop.py();
        let args: Vec<_> = args.iter().map(Bound::as_ptr).collect();
        // SAFETY: all are live objects; the module is private, and its caller passes an EventLoop.
        let handle = unsafe { handle::make_shown(py, event_loop.as_ptr(), callback.as_ptr(), &args)? };
        // SAFETY: as above.
        trace(py, unsafe { core_of(py, event_loop.as_ptr()) }?.get(), handle.object())?;
        Ok(handle.object().bind(py).clone())
    }

    /// Queues `handle` each time `fd` can be read; None ends that. Gives the handle that stood there.
    #[pyo3(signature = (fd, handle))]
    fn set_reader<'py>(
        &self,
        py: Python<'py>,
        fd: RawFd,
        handle: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.watch_handle(py, fd, Direction::Read, handle)
    }

    /// As `set_reader`, for writing.
    #[pyo3(signature = (fd, handle))]
    fn set_writer<'py>(
        &self,
        py: Python<'py>,
        fd: RawFd,
        handle: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.watch_handle(py, fd, Direction::Write, handle)
    }

    /// The transport that reads and writes `fd`, or None.
    fn transport_of<'py>(&self, py: Python<'py>, fd: RawFd) -> Option<Bound<'py, PyAny>> {
        let reference = self.with(py, |state| state.watched.get(&fd)?.transport.clone()).flatten()?;
        reference.bind(py).cast::<PyWeakrefReference>().ok()?.upgrade()
    }
}
