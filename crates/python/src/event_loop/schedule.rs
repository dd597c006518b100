//! The methods that schedule: the hottest of all.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat};

use super::core::{Core, closed};
use super::core_of;
use super::item::Ready;
use crate::handle::{self, Context, Fields, Kind, Pending, Timer};
use crate::raw::{Args, Method, Owned, fast, noargs};

pub static METHODS: [Method; 7] = [
    fast(
        c"call_soon",
        c"call_soon($self, callback, *args, context=None)\n--\n\nRun the callback in the next turn.",
        call_soon,
    ),
    fast(
        c"call_soon_threadsafe",
        c"call_soon_threadsafe($self, callback, *args, context=None)\n--\n\nAs call_soon, from any thread.",
        call_soon_threadsafe,
    ),
    fast(
        c"call_later",
        c"call_later($self, delay, callback, *args, context=None)\n--\n\nRun the callback after delay seconds, never earlier.",
        call_later,
    ),
    fast(
        c"call_at",
        c"call_at($self, when, callback, *args, context=None)\n--\n\nRun the callback when time() has reached when, never earlier.",
        call_at,
    ),
    noargs(c"time", c"time($self)\n--\n\nSeconds on the loop's clock, that of time.monotonic().", time),
    noargs(c"get_debug", c"get_debug($self)\n--\n\nWhether the loop is in debug mode.", get_debug),
    noargs(c"is_running", c"is_running($self)\n--\n\nWhether the loop runs.", is_running),
];

/// The arguments of a scheduling method: some leading ones, `*args`, and the keyword `context`.
struct Call<'a, const LEADING: usize> {
    leading: [*mut ffi::PyObject; LEADING],
    args: &'a [*mut ffi::PyObject],
    context: Option<Owned>,
}

impl<'a, const LEADING: usize> Call<'a, LEADING> {
    /// Errors: `TypeError` if a leading argument is missing or a keyword is unknown.
    #[inline]
    fn parse(method: &str, names: [&str; LEADING], args: Args<'a, '_>) -> PyResult<Self> {
        let mut context = None;
        if let Some((leading, rest)) = args.positional().split_first_chunk::<LEADING>() {
            for (name, value) in args.keywords() {
                if is_context(&name)? {
                    context = (!value.is_none()).then(|| value.to_owned().into());
                } else {
                    return Err(Args::unexpected(method, &name));
                }
            }
            return Ok(Self { leading: *leading, args: rest, context });
        }
        Self::parse_by_name(method, names, args)
    }

    /// Somebody writes `call_later(delay=1, callback=f)`.
    #[cold]
    fn parse_by_name(method: &str, names: [&str; LEADING], args: Args<'a, '_>) -> PyResult<Self> {
        let mut leading = [std::ptr::null_mut(); LEADING];
        for (place, &value) in leading.iter_mut().zip(args.positional()) {
            *place = value;
        }
        let mut context = None;
        for (name, value) in args.keywords() {
            if is_context(&name)? {
                context = (!value.is_none()).then(|| value.to_owned().into());
                continue;
            }
            let name_text = name.to_string();
            match names.iter().position(|known| *known == name_text) {
                Some(place) if leading[place].is_null() => leading[place] = value.as_ptr(),
                _ => return Err(Args::unexpected(method, &name)),
            }
        }
        if let Some(place) = leading.iter().position(|value| value.is_null()) {
            return Err(Args::missing(method, names[place]));
        }
        Ok(Self { leading, args: &[], context })
    }
}

/// The loop must be open; in debug mode its thread and the callback are checked too.
#[inline]
fn check(
    py: Python<'_>,
    core: &Core,
    event_loop: *mut ffi::PyObject,
    callback: *mut ffi::PyObject,
    method: &str,
    any_thread: bool,
) -> PyResult<()> {
    core.check_open()?;
    if core.debug() { check_more(py, event_loop, callback, method, any_thread) } else { Ok(()) }
}

#[cold]
fn check_more(
    py: Python<'_>,
    event_loop: *mut ffi::PyObject,
    callback: *mut ffi::PyObject,
    method: &str,
    any_thread: bool,
) -> PyResult<()> {
    // SAFETY: both are live objects: `self` and an argument of the call.
    let (event_loop, callback) = unsafe { (Borrowed::from_ptr(py, event_loop), Borrowed::from_ptr(py, callback)) };
    if !any_thread {
        event_loop.call_method0(intern!(py, "_check_thread"))?;
    }
    event_loop.call_method1(intern!(py, "_check_callback"), (callback, method))?;
    Ok(())
}

/// In debug mode a handle remembers where it was made.
#[inline]
pub fn trace(py: Python<'_>, core: &Core, handle: &Owned) -> PyResult<()> {
    if core.debug() { remember_source(py, handle) } else { Ok(()) }
}

#[cold]
fn remember_source(py: Python<'_>, handle: &Owned) -> PyResult<()> {
    let traceback = py.import(intern!(py, "rondel._debug"))?.call_method0(intern!(py, "source_traceback"))?;
    // SAFETY: the handle was made by `handle::make`.
    let fields = unsafe { Fields::of(handle.as_ptr()) };
    fields.own_context(py)?;
    fields.source_traceback.set(Some(traceback.into()));
    Ok(())
}

fn call_soon(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    schedule_soon(slf, args, "call_soon", false)
}

fn call_soon_threadsafe(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    schedule_soon(slf, args, "call_soon_threadsafe", true)
}

#[inline]
fn schedule_soon(
    slf: *mut ffi::PyObject,
    args: Args<'_, '_>,
    method: &'static str,
    any_thread: bool,
) -> PyResult<Owned> {
    let py = args.py();
    let call = Call::parse(method, ["callback"], args)?;
    let [callback] = call.leading;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    let core = core.get();
    check(py, core, slf, callback, method, any_thread)?;
    let context = self::context(py, core, call.context)?;
    // SAFETY: the arguments are alive through the call.
    let handle = unsafe { handle::make(py, Kind::Soon, slf, callback, call.args, context) }?;
    trace(py, core, &handle)?;
    let item = Ready::Handle(pending(core, &handle));
    core.with(py, |state| {
        state.driver.push(item);
        if any_thread {
            // Under the GIL: the loop cannot be about to sleep without having seen the item.
            state.driver.remote().wake_if_asleep();
        }
    });
    Ok(handle)
}

/// The context that a callback is to run in: the one given, or what is current now.
#[inline]
fn context(py: Python<'_>, core: &Core, given: Option<Owned>) -> PyResult<Context> {
    // What is shared is forgotten at the end of a turn, so that there must be turns; and in debug mode handles show more.
    given.map_or_else(|| Context::current(py, core.runs() && !core.debug()), |context| Ok(Context::Own(context)))
}

/// A handle just made, for the hands of its loop.
#[inline]
fn pending(core: &Core, handle: &Owned) -> Pending {
    // SAFETY: the handle was made by `handle::make`.
    let pending = unsafe { Pending::new(handle.clone()) };
    if !core.runs() {
        pending.show();
    }
    pending
}

fn call_later(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let Call { leading: [delay, callback], args, context } = Call::parse("call_later", ["delay", "callback"], args)?;
    // SAFETY: an argument is alive through the call.
    let delay = unsafe { Borrowed::from_ptr(py, delay) };
    if delay.is_none() {
        return Err(PyTypeError::new_err("delay must not be None"));
    }
    let delay = number(&delay, "delay")?;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    let when = seconds(core.get().now()) + delay;
    // SAFETY: as above.
    unsafe { schedule_at(py, core.get(), slf, when, callback, args, context) }
}

fn call_at(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    let Call { leading: [given, callback], args, context } = Call::parse("call_at", ["when", "callback"], args)?;
    // SAFETY: an argument is alive through the call.
    let given = unsafe { Borrowed::from_ptr(py, given) };
    if given.is_none() {
        return Err(PyTypeError::new_err("when cannot be None"));
    }
    let when = number(&given, "when")?;
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    // SAFETY: as above.
    let handle = unsafe { schedule_at(py, core.get(), slf, when, callback, args, context) }?;
    if !given.is_exact_instance_of::<PyFloat>() {
        // SAFETY: the handle was made above.
        let timer = unsafe { Timer::of(handle.as_ptr()) };
        timer.when_object.set(Some(given.to_owned().into()));
    }
    Ok(handle)
}

/// Seconds, of any type that converts to a float.
///
/// Errors: `TypeError` for another type, `ValueError` for a NaN, which is before and after nothing.
#[inline]
fn number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    let number: f64 = value.extract()?;
    if number.is_nan() {
        return Err(PyValueError::new_err(format!("{name} must be a number of seconds, not NaN")));
    }
    Ok(number)
}

/// # Safety
/// All pointers are of live objects, `event_loop` of the `EventLoop` of `core`.
unsafe fn schedule_at(
    py: Python<'_>,
    core: &Core,
    event_loop: *mut ffi::PyObject,
    when: f64,
    callback: *mut ffi::PyObject,
    args: &[*mut ffi::PyObject],
    context: Option<Owned>,
) -> PyResult<Owned> {
    check(py, core, event_loop, callback, "call_at", false)?;
    let context = self::context(py, core, context)?;
    // SAFETY: as promised by the caller.
    let handle = unsafe { handle::make(py, Kind::Timer, event_loop, callback, args, context) }?;
    trace(py, core, &handle)?;
    // SAFETY: as above.
    let timer = unsafe { Timer::of(handle.as_ptr()) };
    timer.when.set(when);
    let item = Ready::Handle(pending(core, &handle));
    let key = core.with(py, |state| state.driver.schedule(nanos(when), item)).ok_or_else(closed)?;
    timer.key.set(key.to_bits());
    Ok(handle)
}

/// Seconds of `loop.time()` as a deadline on the engine's clock, rounded up: never early. What lies
/// before the clock's beginning is due at once, and infinity never.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
fn nanos(when: f64) -> u64 {
    (when * 1e9).ceil() as u64
}

/// A time of the engine's clock as `time.monotonic()` says it.
#[allow(clippy::cast_precision_loss)] // exact below 104 days of uptime, and Python loses the same
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

fn time(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    Ok(seconds(core.get().now()).into_pyobject(py)?.into_any().into())
}

fn get_debug(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    Ok(PyBool::new(py, core.get().debug()).to_owned().into_any().into())
}

/// `Task` asks each time it is made to start at once.
fn is_running(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    Ok(PyBool::new(py, core.get().get_thread().is_some()).to_owned().into_any().into())
}

/// Whether that is the name of the argument `context`. The interpreter's own name of it is one object.
#[inline]
fn is_context(name: &Bound<'_, PyAny>) -> PyResult<bool> {
    let context = intern!(name.py(), "context");
    if name.is(context) { Ok(true) } else { name.eq(context) }
}
