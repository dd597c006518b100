//! `add_reader` and its three siblings, as libraries call them: once or twice a wait.
//!
//! What is unusual (keywords, wrong arguments, debug mode) goes to the methods of the same names in
//! python/rondel/readers.py, which check everything and say what is wrong.

use std::os::fd::RawFd;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyType};

use super::core::Core;
use super::core_of;
use super::item::Watch;
use super::readers::{Direction, check_free, set_watch};
use crate::handle;
use crate::raw::{Args, Method, Owned, call_method, call_with_all, fast};
use crate::sock::fileno;

pub static METHODS: [Method; 4] = [
    fast(
        c"add_reader",
        c"add_reader($self, fd, callback, *args)\n--\n\n\
        Call callback(*args) each time fd can be read, in place of any earlier callback.\n\n\
        Raises ValueError for no descriptor, RuntimeError if a transport uses it, PermissionError\n\
        for a file that is always ready (a regular one).",
        |slf, args| add(slf, args, Direction::Read, &PYTHONS[0]),
    ),
    fast(
        c"remove_reader",
        c"remove_reader($self, fd)\n--\n\nStop watching fd for reading. Tells whether it was watched.",
        |slf, args| remove(slf, args, Direction::Read, &PYTHONS[1]),
    ),
    fast(c"add_writer", c"add_writer($self, fd, callback, *args)\n--\n\nAs `add_reader`, for writing.", |slf, args| {
        add(slf, args, Direction::Write, &PYTHONS[2])
    }),
    fast(c"remove_writer", c"remove_writer($self, fd)\n--\n\nAs `remove_reader`, for writing.", |slf, args| {
        remove(slf, args, Direction::Write, &PYTHONS[3])
    }),
];

type Python3 = PyOnceLock<Py<PyAny>>;

/// The methods of the classes above, in the order of [`METHODS`].
static PYTHONS: [Python3; 4] = [const { PyOnceLock::new() }; 4];

/// Remembers the methods in Python, before those above take their places in `class`.
pub fn remember(class: &Bound<'_, PyType>) -> PyResult<()> {
    let names = ["add_reader", "remove_reader", "add_writer", "remove_writer"];
    for (place, name) in PYTHONS.iter().zip(names) {
        let method = class.getattr(name)?.unbind();
        place.get_or_init(class.py(), || method);
    }
    Ok(())
}

fn add(slf: *mut ffi::PyObject, args: Args<'_, '_>, direction: Direction, python: &Python3) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    let [file, callback, rest @ ..] = args.positional() else { return in_python(slf, args, python) };
    let Some(fd) = usual(core.get(), args, *file) else { return in_python(slf, args, python) };
    check_free(core.get(), py, fd)?;
    core.get().check_open()?;
    // SAFETY: all are live objects, the first an EventLoop.
    let handle = unsafe { handle::make_shown(py, slf, *callback, rest) }?;
    let previous = set_watch(core.get(), py, fd, direction, Some(Watch::Handle(handle)))?;
    cancel(py, previous)?;
    Ok(py.None().into_bound(py).into())
}

fn remove(slf: *mut ffi::PyObject, args: Args<'_, '_>, direction: Direction, python: &Python3) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    let [file] = args.positional() else { return in_python(slf, args, python) };
    let Some(fd) = usual(core.get(), args, *file) else { return in_python(slf, args, python) };
    check_free(core.get(), py, fd)?;
    let previous = if core.get().get_closed() { None } else { set_watch(core.get(), py, fd, direction, None)? };
    let watched = previous.is_some();
    cancel(py, previous)?;
    Ok(PyBool::new(py, watched).to_owned().into_any().into())
}

/// The descriptor, where there is nothing to say against the call.
#[inline]
fn usual(core: &Core, args: Args<'_, '_>, file: *mut ffi::PyObject) -> Option<RawFd> {
    if core.debug() || args.has_keywords() {
        return None;
    }
    // SAFETY: the interpreter passes live objects.
    let file = unsafe { Borrowed::from_ptr(args.py(), file) };
    let fd = match file.cast_exact::<PyInt>() {
        Ok(number) => number.extract().ok(),
        Err(_) => fileno(&file).ok(),
    };
    fd.filter(|&fd| fd >= 0)
}

/// A transport that stood there is closing: what it still had to send is given up. A wait of `sock_recv` goes on without
/// being told, as on asyncio.
#[inline]
fn cancel(py: Python<'_>, previous: Option<Watch>) -> PyResult<()> {
    match previous {
        Some(Watch::Handle(handle)) => call_method(intern!(py, "cancel"), [handle.object().bind(py)]).map(drop),
        _ => Ok(()),
    }
}

#[cold]
fn in_python(slf: *mut ffi::PyObject, args: Args<'_, '_>, python: &Python3) -> PyResult<Owned> {
    let py = args.py();
    let Some(method) = python.get(py) else { return Err(super::core::closed()) };
    // SAFETY: the method and the loop are alive through the call.
    unsafe { call_with_all(py, method.as_ptr(), slf, args) }
}
