//! The two classes, and how their objects are made and destroyed.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::attributes;
use super::context::Context;
use super::fields::{self, Fields, INLINE, Timer, UNSCHEDULED, peek};
use super::free_list::FreeList;
use super::nesting;
use super::pending::Pending;
use crate::event_loop;
use crate::raw::{Args, Method, Owned, copy_context, find_contexts, noargs};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `asyncio.Handle`
    Soon,
    /// `asyncio.TimerHandle`
    Timer,
}

static CLASSES: [AtomicPtr<ffi::PyTypeObject>; 2] =
    [AtomicPtr::new(std::ptr::null_mut()), AtomicPtr::new(std::ptr::null_mut())];
static FREE: [FreeList; 2] = [FreeList::new(), FreeList::new()];

static CANCEL: Method = noargs(c"cancel", c"Drop the callback and its arguments; it will not run.", cancel);
static RUN: Method = noargs(c"_run", c"Run the callback now, in its context.", run_now);

/// Makes the classes, at the module's import. Gives `(Handle, TimerHandle)`.
pub fn init(py: Python<'_>) -> PyResult<[Bound<'_, PyType>; 2]> {
    let asyncio = py.import("asyncio")?;
    let handle = asyncio.getattr("Handle")?.cast_into::<PyType>()?;
    find_contexts(py)?;
    let timer = asyncio.getattr("TimerHandle")?.cast_into::<PyType>()?;
    let [handle_size, timer_size] = fields::place(&handle, &timer)?;
    let made = [
        make_class(c"rondel.Handle", &handle, Kind::Soon, handle_size)?,
        make_class(c"rondel.TimerHandle", &timer, Kind::Timer, timer_size)?,
    ];
    for (place, class) in CLASSES.iter().zip(&made) {
        CANCEL.attach(class)?;
        RUN.attach(class)?;
        // The classes live as long as the process: free handles hold on to them.
        place.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
    }
    Ok(made)
}

fn make_class<'py>(
    name: &'static CStr,
    base: &Bound<'py, PyType>,
    kind: Kind,
    size: usize,
) -> PyResult<Bound<'py, PyType>> {
    let py = base.py();
    let getters = attributes::table(kind);
    let slots = [
        ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: destroy as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_traverse, pfunc: traverse as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_clear, pfunc: clear as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_getset, pfunc: getters.cast() },
        ffi::PyType_Slot { slot: 0, pfunc: std::ptr::null_mut() },
    ];
    let flags = ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: c_int::try_from(size).unwrap_or(c_int::MAX),
        itemsize: 0,
        flags: c_uint::try_from(flags).unwrap_or_default(),
        slots: slots.as_ptr().cast_mut(),
    };
    // SAFETY: the specification is whole, and its name and its getters live for ever; the functions
    // have the types that their slots demand.
    let class = unsafe { Owned::from_new(py, ffi::PyType_FromSpecWithBases(&raw mut spec, base.as_ptr()))? };
    Ok(class.bind(py).cast::<PyType>()?.clone())
}

fn class_of(kind: Kind) -> *mut ffi::PyTypeObject {
    CLASSES[kind as usize].load(Ordering::Relaxed)
}

/// Whether `object` is a handle of a timer.
///
/// # Safety
/// It is a live handle of ours, or one that is being destroyed.
#[inline]
unsafe fn is_timer(object: *mut ffi::PyObject) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { ffi::Py_TYPE(object) == class_of(Kind::Timer) }
}

/// Whether a live handle of ours can be reached by nobody but whoever asks, who has a reference to it: not by a weak
/// reference, and not through the garbage collector. Then it stays as it is, whatever code runs.
///
/// # Safety
/// It is a live handle of ours.
#[inline]
pub unsafe fn is_private(object: *mut ffi::PyObject) -> bool {
    // SAFETY: as promised by the caller; the class says where the list of weak references begins.
    unsafe { ffi::Py_REFCNT(object) == 1 && (*weak_list(object)).is_null() && ffi::PyObject_GC_IsTracked(object) == 0 }
}

/// Where a handle of ours keeps its weak references.
#[inline]
unsafe fn weak_list(object: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    // SAFETY: the object is a handle, as the caller promises, and its class has weak references.
    unsafe { object.byte_offset((*ffi::Py_TYPE(object)).tp_weaklistoffset).cast() }
}

/// A handle of `event_loop` for `callback(*args)` in `context`. The garbage collector does not know of it yet: see
/// [`Pending`].
///
/// # Safety
/// All pointers are of live objects, `event_loop` of an `EventLoop`.
#[inline]
pub unsafe fn make(
    py: Python<'_>,
    kind: Kind,
    event_loop: *mut ffi::PyObject,
    callback: *mut ffi::PyObject,
    args: &[*mut ffi::PyObject],
    context: Context,
) -> PyResult<Owned> {
    let tuple = if args.len() > INLINE { Some(tuple_of(py, args)?) } else { None };
    // SAFETY: the handle is empty, and alive. The other pointers are as promised.
    unsafe {
        let handle = match FREE[kind as usize].take(py) {
            Some(object) => Owned::from_new(py, object)?,
            None => allocate(py, kind)?,
        };
        if kind == Kind::Timer {
            Timer::of(handle.as_ptr()).key.set(UNSCHEDULED);
        }
        Fields::of(handle.as_ptr()).fill(py, event_loop, callback, args, tuple, context);
        Ok(handle)
    }
}

/// A handle of `event_loop` for `callback(*args)` in a copy of the current context, that waits for something else than its
/// turn: the garbage collector knows of it at once.
///
/// # Safety
/// As [`make`].
pub unsafe fn make_shown(
    py: Python<'_>,
    event_loop: *mut ffi::PyObject,
    callback: *mut ffi::PyObject,
    args: &[*mut ffi::PyObject],
) -> PyResult<Pending> {
    // SAFETY: as promised by the caller.
    let handle =
        unsafe { Pending::new(make(py, Kind::Soon, event_loop, callback, args, Context::Own(copy_context(py)?))?) };
    handle.show();
    Ok(handle)
}

/// A new empty handle.
fn allocate(py: Python<'_>, kind: Kind) -> PyResult<Owned> {
    // SAFETY: the class was made at import; behind its header, all that the object has is zeroed before somebody looks.
    unsafe {
        let class = class_of(kind);
        let object = ffi::PyObject_GC_New::<ffi::PyObject>(class);
        if !object.is_null() {
            let size = (*class).tp_basicsize.cast_unsigned();
            object.add(1).cast::<u8>().write_bytes(0, size - size_of::<ffi::PyObject>());
        }
        Owned::from_new(py, object)
    }
}

#[cold]
fn tuple_of(py: Python<'_>, args: &[*mut ffi::PyObject]) -> PyResult<Owned> {
    // SAFETY: the arguments are live objects, as `make` demands.
    let args = args.iter().map(|&arg| unsafe { Bound::from_borrowed_ptr(py, arg) });
    let args: Vec<Bound<'_, PyAny>> = args.collect();
    Ok(pyo3::types::PyTuple::new(py, args)?.into_any().into())
}

unsafe extern "C" fn destroy(object: *mut ffi::PyObject) {
    // SAFETY: the interpreter destroys an object of ours: the GIL is held and there is no reference
    // left. Its weak references go first; then what it holds, while the collector can no longer see
    // it; its memory is kept, or freed with the reference to its class that each object has.
    unsafe {
        let py = Python::assume_attached();
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_UnTrack(object.cast());
        if !(*weak_list(object)).is_null() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        nesting::release(py, object);
        if !FREE[usize::from(is_timer(object))].keep(py, object) {
            ffi::PyObject_GC_Del(object.cast());
            ffi::Py_DECREF(class.cast());
        }
    }
}

unsafe extern "C" fn traverse(object: *mut ffi::PyObject, visit: ffi::visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: the collector visits a live object of ours, and `visit` is its function.
    unsafe {
        let class = visit(ffi::Py_TYPE(object).cast(), arg);
        if class != 0 {
            return class;
        }
        for place in Fields::of(object).places() {
            if let Some(reference) = &*place.as_ptr() {
                let stop = visit(reference.as_ptr(), arg);
                if stop != 0 {
                    return stop;
                }
            }
        }
        if is_timer(object)
            && let Some(reference) = &*Timer::of(object).when_object.as_ptr()
        {
            return visit(reference.as_ptr(), arg);
        }
    }
    0
}

unsafe extern "C" fn clear(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: the collector clears a live object of ours, with the GIL held.
    unsafe { take_all(object, drop) };
    0
}

/// Takes all references out of a handle.
///
/// # Safety
/// It is a handle of ours.
#[inline]
pub unsafe fn take_all(object: *mut ffi::PyObject, mut each: impl FnMut(Owned)) {
    // SAFETY: as promised by the caller.
    unsafe {
        for place in Fields::of(object).places() {
            if let Some(reference) = place.take() {
                each(reference);
            }
        }
        if is_timer(object)
            && let Some(reference) = Timer::of(object).when_object.take()
        {
            each(reference);
        }
    }
}

fn cancel(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with live objects of the two classes only.
    let fields = unsafe { Fields::of(slf) };
    let mut described = Ok(());
    if !fields.cancelled() {
        // Looked at, as the base's descriptor may have put something else there.
        let event_loop = peek(&fields.event_loop);
        let core = event_loop.as_ref().and_then(|event_loop| event_loop::core_in(event_loop.bind(py)));
        if core.is_some_and(|core| core.get().debug()) {
            fields.set_cancelling(py);
            // SAFETY: the object is alive.
            let repr = unsafe { Owned::from_new(py, ffi::PyObject_Repr(slf)) };
            described = repr.map(|repr| fields.repr.set(Some(repr)));
        }
        // SAFETY: the object is alive, and has a timer's part where its class says so.
        let timer = unsafe { is_timer(slf).then(|| Timer::of(slf)) };
        if let Some(timer) = timer
            && let key = timer.key.replace(UNSCHEDULED)
            && key != UNSCHEDULED
            && let Some(core) = core
        {
            core.get().cancel_timer(py, key);
        }
        fields.release_callback();
    }
    described.map(|()| py.None().into_bound(py).into())
}

fn run_now(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: as in `cancel`.
    unsafe { super::run(py, slf) }?;
    Ok(py.None().into_bound(py).into())
}

/// Whether `object` is a handle of ours.
pub fn check(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let class = object.get_type_ptr();
    if CLASSES.iter().any(|ours| ours.load(Ordering::Relaxed) == class) {
        Ok(())
    } else {
        Err(PySystemError::new_err("expected a handle of rondel"))
    }
}
