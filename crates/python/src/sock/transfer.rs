//! One attempt to receive or to send.

use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyBlockingIOError, PyInterruptedError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};
use rondel_net::Intake;
use rondel_sys::unowned;

use super::plain;
use crate::errors::os_error;
use crate::event_loop::{Core, core_of};
use crate::raw::{Args, Owned, call_method, new_bytes};
use crate::stream::{View, WritableView};

/// Up to so many bytes asked for, their memory is kept between one call and the next.
const KEPT: usize = 1 << 20;

/// The method's arguments; `self` comes first.
fn arguments<'py, const N: usize>(
    slf: *mut ffi::PyObject,
    args: &Args<'_, 'py>,
) -> PyResult<(Bound<'py, PyAny>, [Bound<'py, PyAny>; N])> {
    let py = args.py();
    let values: [*mut ffi::PyObject; N] = args
        .positional()
        .try_into()
        .map_err(|_| PyTypeError::new_err(format!("expected {N} arguments, got {}", args.positional().len())))?;
    // SAFETY: the interpreter passes live objects.
    unsafe { Ok((Bound::from_borrowed_ptr(py, slf), values.map(|value| Bound::from_borrowed_ptr(py, value)))) }
}

fn none(py: Python<'_>) -> Owned {
    py.None().into_bound(py).into()
}

pub fn recv_now(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let (event_loop, [sock, size]) = arguments(slf, &args)?;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    if let Some(room) = whole_number(&size)
        && let Some(fd) = checked(core.get(), &event_loop, &sock)?
    {
        return if room <= Intake::SMALL { recv_small(core.get(), fd, py, room) } else { recv_large(fd, py, room) };
    }
    by_method(&event_loop, intern!(py, "recv"), &sock, &size)
}

/// A number of bytes, unless it is an unusual one, which the socket's own method is to judge.
#[inline]
fn whole_number(size: &Bound<'_, PyAny>) -> Option<usize> {
    let size = size.cast_exact::<PyInt>().ok()?.extract::<isize>().ok()?;
    usize::try_from(size).ok().filter(|&size| size > 0)
}

/// Through the loop's buffer, into an object of the right size.
fn recv_small(core: &Core, fd: RawFd, py: Python<'_>, room: usize) -> PyResult<Owned> {
    let mut buffer = core.take_receive_buffer(py);
    let room = room.min(buffer.len());
    let received = match unowned::recv_now(fd, &mut buffer[..room]) {
        Ok(data) => Ok(PyBytes::new(py, data).into_any().into()),
        Err(error) => not_yet(py, &error),
    };
    core.return_receive_buffer(py, buffer);
    received
}

/// Straight into an object, which is cut to the number of bytes that came.
fn recv_large(fd: RawFd, py: Python<'_>, room: usize) -> PyResult<Owned> {
    keep_memory(py, room);
    let mut failed = None;
    let data = new_bytes(py, room, |memory| match unowned::recv_now(fd, memory) {
        Ok(data) => data.len(),
        Err(error) => {
            failed = Some(error);
            0
        }
    })?;
    match (data, failed) {
        (Some(data), _) => Ok(data),
        (None, None) => Ok(PyBytes::new(py, b"").into_any().into()),
        (None, Some(error)) => not_yet(py, &error),
    }
}

/// Has glibc keep the memory of objects of this size in the process, as `keep_memory` of transports does (docs/decisions).
#[inline]
fn keep_memory(py: Python<'_>, room: usize) {
    static LARGEST: AtomicUsize = AtomicUsize::new(0);
    if room > LARGEST.load(Ordering::Relaxed) && room <= KEPT {
        LARGEST.store(room, Ordering::Relaxed);
        let _freed = new_bytes(py, room, |_| 0);
    }
}

pub fn recv_into_now(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let (event_loop, [sock, buffer]) = arguments(slf, &args)?;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    // An empty buffer, or none at all: the socket's own method says what is wrong with it. The descriptor comes last, as a
    // buffer written in Python may close the socket (PEP 688).
    if let Ok(mut view) = WritableView::new(&buffer)
        && let Some(fd) = checked(core.get(), &event_loop, &sock)?
    {
        return match unowned::recv_now(fd, view.bytes()) {
            Ok(data) => Ok(data.len().into_pyobject(py)?.into_any().into()),
            Err(error) => not_yet(py, &error),
        };
    }
    by_method(&event_loop, intern!(py, "recv_into"), &sock, &buffer)
}

pub fn send_now(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let (event_loop, [sock, data, sent]) = arguments(slf, &args)?;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    let sent: usize = sent.extract()?;
    let view;
    let bytes = if let Ok(bytes) = data.cast_exact::<PyBytes>() {
        bytes.as_bytes()
    } else {
        let Ok(made) = View::new(&data) else { return Ok(unusual(py)) };
        view = made;
        view.bytes()
    };
    let Some(fd) = checked(core.get(), &event_loop, &sock)? else { return Ok(unusual(py)) };
    let left = bytes.get(sent..).unwrap_or_default();
    match unowned::send_now(fd, left) {
        Ok(count) if count == left.len() => Ok(none(py)),
        Ok(count) => Ok((sent + count).into_pyobject(py)?.into_any().into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(sent.into_pyobject(py)?.into_any().into()),
        Err(error) => Err(os_error(py, &error)),
    }
}

fn unusual(py: Python<'_>) -> Owned {
    py.NotImplemented().into_bound(py).into()
}

fn not_yet(py: Python<'_>, error: &io::Error) -> PyResult<Owned> {
    if error.kind() == io::ErrorKind::WouldBlock { Ok(none(py)) } else { Err(os_error(py, error)) }
}

/// The descriptor of a plain socket, which in debug mode must be a non-blocking one.
#[inline]
fn checked(core: &Core, event_loop: &Bound<'_, PyAny>, sock: &Bound<'_, PyAny>) -> PyResult<Option<RawFd>> {
    let fd = plain::descriptor(sock)?;
    if fd.is_some() && core.debug() {
        call_method(intern!(sock.py(), "_check_socket"), [event_loop, sock])?;
    }
    Ok(fd)
}

/// Calls the socket's own method; None if it would block.
#[cold]
fn by_method(
    event_loop: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    sock: &Bound<'_, PyAny>,
    arg: &Bound<'_, PyAny>,
) -> PyResult<Owned> {
    let py = name.py();
    call_method(intern!(py, "_check_socket"), [event_loop, sock])?;
    call_method(name, [sock, arg]).or_else(|error| {
        if error.is_instance_of::<PyBlockingIOError>(py) || error.is_instance_of::<PyInterruptedError>(py) {
            Ok(none(py))
        } else {
            Err(error)
        }
    })
}
