//! `EventLoop`: the engine's driver, as an asyncio loop.
//!
//! The Python class (python/rondel/loop.py) holds a [`Core`] in a slot that only native code
//! reaches. What runs once a callback is attached to that class as raw methods (`schedule`,
//! `tasks`); what runs once a loop or once a descriptor are methods of `Core`.

mod add_reader;
mod core;
mod faults;
mod item;
mod readers;
mod schedule;
mod tasks;
mod turn;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

pub use self::core::{Core, DATAGRAM, State, closed};
pub use self::item::{Ready, Watch};
pub use self::readers::{Direction, check_free, wait_once};
pub use self::tasks::new_future;
use crate::raw::NativeSlot;
use crate::sock;

static SLOT: NativeSlot = NativeSlot::new("_native");

/// The native half of an `EventLoop`.
///
/// Errors: `RuntimeError` if its `__init__` was not called.
///
/// # Safety
/// `event_loop` is a live instance of the class given to [`attach`].
#[inline]
pub unsafe fn core_of<'a>(py: Python<'_>, event_loop: *mut ffi::PyObject) -> PyResult<Borrowed<'a, '_, Core>> {
    // SAFETY: as promised by the caller; `init_loop` fills the slot with a Core.
    unsafe { SLOT.get(py, event_loop) }
}

/// The same for any object: `None` where there is no native half.
#[inline]
pub fn core_in<'a, 'py>(event_loop: &'a Bound<'py, PyAny>) -> Option<Borrowed<'a, 'py, Core>> {
    // SAFETY: its class is looked at first.
    if SLOT.is_in(event_loop) { unsafe { SLOT.get(event_loop.py(), event_loop.as_ptr()) }.ok() } else { None }
}

/// Errors: `TypeError` if `event_loop` is no `EventLoop`.
pub fn check(event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
    SLOT.check(event_loop)
}

/// Gives the class `EventLoop` its native methods. Called once, where the class is made.
#[pyfunction]
pub fn attach_loop(class: &Bound<'_, PyType>) -> PyResult<()> {
    SLOT.claim::<Core>(class)?;
    add_reader::remember(class)?;
    let readers = &add_reader::METHODS;
    for method in schedule::METHODS.iter().chain(&tasks::METHODS).chain(readers).chain(&sock::METHODS) {
        method.attach(class)?;
    }
    Ok(())
}

/// Gives a new `EventLoop` its native half, and returns it.
///
/// Raises `OSError` when the process is out of descriptors, `ValueError` when `RONDEL_SELECTOR` names
/// no selector, `RuntimeError` when the loop has one already, `TypeError` for another object.
#[pyfunction]
pub fn init_loop<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Core>> {
    let core = Bound::new(event_loop.py(), Core::new(event_loop.py())?)?;
    SLOT.fill(event_loop, core.clone().into_any().into())?;
    Ok(core)
}
