//! The native half of a loop: its driver and its flags.

mod http;

use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{PyTraverseError, PyVisit};
use rondel_engine::{Backend, ByDescriptor, Clock, Driver, Events, Nanos, SourceKey, TimerKey};
use rondel_net::Intake;

use super::item::{Ready, Watch};
use crate::cell::GilCell;
use crate::errors::os_error;
use crate::handle::Pending;
use crate::http::Local;
use crate::raw::{Lent, Owned, SpareBytes};

/// Bytes that the loop's buffer for streams holds.
const RECEIVE: usize = Intake::SMALL;

/// The same for a datagram, which must arrive whole (`_SelectorTransport.max_size` of `CPython`).
pub const DATAGRAM: usize = 256 * 1024;

/// Memory that one receive fills.
pub type ReceiveBuffer = Box<[MaybeUninit<u8>]>;

/// A descriptor that the loop watches.
#[derive(Debug)]
pub struct Watched {
    pub key: SourceKey,
    /// A weak reference to the transport that it belongs to, if it is not the user's own. The
    /// transport lives as long as somebody reads or writes: that is what the driver's watchers hold.
    pub transport: Option<Owned>,
}

/// What the GIL protects.
pub struct State {
    pub driver: Driver<Ready, Watch>,
    pub watched: ByDescriptor<Watched>,
    /// `{"loop": the loop}`, once a future was made.
    pub future_arguments: Option<Owned>,
    /// Lent to a wait under way.
    pub events: Option<Box<Events>>,
    /// Lent to a receive under way.
    pub receive: Option<ReceiveBuffer>,
    /// Was made of what was received, and is free.
    pub spare: SpareBytes,
    /// The same for datagrams.
    pub datagram: Option<ReceiveBuffer>,
    /// Counts turns, to tell what was seen before from what was found after it.
    pub turn: u64,
}

/// The native half of an `EventLoop`.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct Core {
    /// None once the loop is closed: its descriptors are closed then.
    state: GilCell<Option<State>>,
    /// What the HTTP client has here, once there is one.
    http: GilCell<Option<Local<()>>>,
    clock: Clock,
    closed: AtomicBool,
    debug: AtomicBool,
    stopping: AtomicBool,
    task_factory: AtomicBool,
    /// How many runs are under way: one at most, unless a program tricks the loop.
    runs: AtomicU32,
    /// The identifier of the thread inside `run_forever`, as Python counts them; 0 for none.
    thread: AtomicU64,
}

impl Core {
    /// Errors: as `init_loop`.
    pub fn new(py: Python<'_>) -> PyResult<Self> {
        let clock = Clock::Real;
        let driver = Driver::new(clock.clone(), backend()?).map_err(|error| os_error(py, &error))?;
        Ok(Self {
            state: GilCell::new(Some(State {
                driver,
                watched: ByDescriptor::default(),
                future_arguments: None,
                events: Some(Box::default()),
                receive: None,
                spare: SpareBytes::default(),
                datagram: None,
                turn: 0,
            })),
            http: GilCell::new(None),
            clock,
            closed: AtomicBool::new(false),
            debug: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            task_factory: AtomicBool::new(false),
            runs: AtomicU32::new(0),
            thread: AtomicU64::new(0),
        })
    }

    /// The driver and what goes with it; `None` if the loop is closed. The closure must not run Python code, nor drop a
    /// reference.
    #[inline]
    pub fn with<R>(&self, py: Python<'_>, look: impl FnOnce(&mut State) -> R) -> Option<R> {
        // Taken from here, so that a closure that is not called is dropped, with what it holds, outside.
        let mut look = Some(look);
        self.state.with(py, |state| Some(look.take()?(state.as_mut()?)))
    }

    /// The time on the loop's clock.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.clock.now()
    }

    /// Whether the loop is in debug mode.
    #[inline]
    pub fn debug(&self) -> bool {
        self.debug.load(Ordering::Relaxed)
    }

    /// Whether somebody has set a task factory.
    #[inline]
    pub fn has_task_factory(&self) -> bool {
        self.task_factory.load(Ordering::Relaxed)
    }

    /// Whether the loop runs, in whichever thread.
    #[inline]
    pub fn runs(&self) -> bool {
        self.runs.load(Ordering::Relaxed) != 0
    }

    /// Says that the loop runs, while the value lives. The caller holds the loop from its stack.
    pub fn begin_run<'a, 'py>(&'a self, py: Python<'py>) -> Run<'a, 'py> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let made_before = self.with(py, |state| state.driver.timers_made()).unwrap_or(0);
        Run { core: self, py, made_before }
    }

    /// Errors: `RuntimeError` if the loop is closed.
    #[inline]
    pub fn check_open(&self) -> PyResult<()> {
        if self.closed.load(Ordering::Relaxed) { Err(closed()) } else { Ok(()) }
    }

    /// Takes a timer out of the heap, at its handle's cancellation.
    pub fn cancel_timer(&self, py: Python<'_>, key: u64) {
        let timer = self.with(py, |state| state.driver.cancel(TimerKey::from_bits(key)));
        drop(timer.flatten());
    }

    /// Makes a bytes object of what `fill` puts into the loop's buffer. `fill` runs no Python code, and gives nothing to
    /// make nothing of it. `None` also if the loop is closed.
    #[inline]
    pub fn receive(
        &self,
        py: Python<'_>,
        fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Option<&mut [u8]>,
    ) -> Option<Lent> {
        self.with(py, |state| {
            let buffer = state.receive.get_or_insert_with(|| Box::new_uninit_slice(RECEIVE));
            fill(buffer).map(|data| state.spare.lend(py, data))
        })
        .flatten()
    }

    /// The same for a datagram, which may be larger than what is kept.
    #[inline]
    pub fn receive_datagram(
        &self,
        py: Python<'_>,
        fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Option<&[u8]>,
    ) -> Option<Lent> {
        self.with(py, |state| {
            let buffer = state.datagram.get_or_insert_with(|| Box::new_uninit_slice(DATAGRAM));
            fill(buffer).map(|data| match data.len() {
                ..=RECEIVE => state.spare.lend(py, data),
                _ => Owned::from(PyBytes::new(py, data).into_any()).into(),
            })
        })
        .flatten()
    }

    /// Takes back what `receive` has made: it may serve again.
    #[inline]
    pub fn take_back(&self, py: Python<'_>, lent: Lent) {
        let stale = self.with(py, |state| state.spare.take_back(lent));
        drop(stale);
    }

    /// The loop's buffer for one receive; a new one if that is in use.
    pub fn take_receive_buffer(&self, py: Python<'_>) -> ReceiveBuffer {
        self.with(py, |state| state.receive.take()).flatten().unwrap_or_else(|| Box::new_uninit_slice(RECEIVE))
    }

    /// Gives the buffer back.
    pub fn return_receive_buffer(&self, py: Python<'_>, buffer: ReceiveBuffer) {
        self.with(py, |state| state.receive = Some(buffer));
    }

    /// The loop's buffer for one datagram; a new one if that is in use.
    pub fn take_datagram_buffer(&self, py: Python<'_>) -> ReceiveBuffer {
        self.with(py, |state| state.datagram.take()).flatten().unwrap_or_else(|| Box::new_uninit_slice(DATAGRAM))
    }

    /// Gives the buffer back.
    pub fn return_datagram_buffer(&self, py: Python<'_>, buffer: ReceiveBuffer) {
        self.with(py, |state| state.datagram = Some(buffer));
    }
}

/// A run of the loop, under way.
pub struct Run<'a, 'py> {
    core: &'a Core,
    py: Python<'py>,
    made_before: u64,
}

impl Drop for Run<'_, '_> {
    /// What is still pending becomes known to the garbage collector (see [`Pending`]).
    fn drop(&mut self) {
        if self.core.runs.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        self.core.with(self.py, |state| {
            let timers = state.driver.timers_since(self.made_before);
            state.driver.ready().chain(timers).for_each(Ready::show);
        });
    }
}

/// The selector that the environment asks for.
///
/// Errors: `ValueError` when it names none of this platform.
fn backend() -> PyResult<Backend> {
    Backend::from_env().map_err(|error| PyValueError::new_err(error.to_string()))
}

#[cold]
pub fn closed() -> PyErr {
    PyRuntimeError::new_err("Event loop is closed")
}

#[pymethods]
impl Core {
    #[getter]
    pub fn get_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    #[getter]
    fn get_debug(&self) -> bool {
        self.debug()
    }

    #[setter]
    fn set_debug(&self, debug: bool) {
        self.debug.store(debug, Ordering::Relaxed);
    }

    #[getter]
    pub fn get_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The loop ends its run after the present turn, or after one turn if it does not run yet.
    #[setter]
    fn set_stopping(&self, py: Python<'_>, stopping: bool) {
        self.stopping.store(stopping, Ordering::Relaxed);
        if stopping {
            self.wake(py);
        }
    }

    #[getter]
    fn get_task_factory_set(&self) -> bool {
        self.has_task_factory()
    }

    #[setter]
    fn set_task_factory_set(&self, set: bool) {
        self.task_factory.store(set, Ordering::Relaxed);
    }

    /// The thread inside `run_forever` (`threading.get_ident()`), or None.
    #[getter]
    pub fn get_thread(&self) -> Option<u64> {
        Some(self.thread.load(Ordering::Relaxed)).filter(|&thread| thread != 0)
    }

    #[setter]
    fn set_thread(&self, thread: Option<u64>) {
        self.thread.store(thread.unwrap_or(0), Ordering::Relaxed);
    }

    /// The descriptor that ends the loop's wait when a byte is written to it.
    #[getter]
    fn wakeup_fd(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.with(py, |state| state.driver.remote().wakeup_fd()).ok_or_else(closed)
    }

    /// `epoll` or `poll`.
    #[getter]
    fn selector(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.with(py, |state| state.driver.backend().name()).ok_or_else(closed)
    }

    /// Whether the loop was made by a process of which this one is a forked child.
    #[getter]
    fn foreign(&self, py: Python<'_>) -> bool {
        self.with(py, |state| state.driver.is_foreign()).unwrap_or(false)
    }

    /// Ends the loop's wait, from any thread.
    fn wake(&self, py: Python<'_>) {
        self.with(py, |state| state.driver.remote().wake());
    }

    /// Queues a handle for the next turn and wakes the loop, if it is open.
    fn schedule(&self, py: Python<'_>, handle: &Bound<'_, PyAny>) -> PyResult<()> {
        crate::handle::check(handle)?;
        self.check_open()?;
        // SAFETY: it is a handle of ours.
        let item = Ready::Handle(unsafe { Pending::new(handle.clone().into()) });
        self.with(py, |state| {
            state.driver.push(item);
            state.driver.remote().wake_if_asleep();
        });
        Ok(())
    }

    /// Handles that are ready to run, oldest first.
    fn ready(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.with(py, |state| state.driver.ready().filter_map(Ready::object).cloned().collect::<Vec<_>>())
            .unwrap_or_default()
            .iter()
            .map(|object| object.bind(py).clone().unbind())
            .collect()
    }

    /// Ends the loop for good: whatever is scheduled or watched is dropped.
    fn close(&self, py: Python<'_>) {
        self.closed.store(true, Ordering::Relaxed);
        self.close_http(py);
        let state = self.state.with(py, Option::take);
        drop(state);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if self.runs() {
            // The loop is reached, and so is all that it holds: it need not be looked at.
            return Ok(());
        }
        // SAFETY: the collector runs with the GIL held.
        let py = unsafe { Python::assume_attached() };
        let visited: Option<Result<(), PyTraverseError>> = self.with(py, |state| {
            let (items, watches) = state.driver.held();
            for object in items.filter_map(Ready::object) {
                object.visit(&visit)?;
            }
            for object in watches.filter_map(Watch::object) {
                object.visit(&visit)?;
            }
            if let Some(arguments) = &state.future_arguments {
                arguments.visit(&visit)?;
            }
            for transport in state.watched.values().filter_map(|entry| entry.transport.as_ref()) {
                transport.visit(&visit)?;
            }
            Ok(())
        });
        visited.unwrap_or(Ok(()))?;
        self.http.with(py, |http| http.as_ref().map_or(Ok(()), |local| local.home(py).visit(&visit)))
    }

    fn __clear__(&self) {
        // SAFETY: as above.
        self.close(unsafe { Python::assume_attached() });
    }
}
