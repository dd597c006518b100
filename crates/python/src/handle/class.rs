//! The two classes, and how their objects are made and destroyed.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::attributes;
use super::fields::{Fields, INLINE, peek};
use super::free_list::FreeList;
use super::nesting;
use crate::event_loop;
use crate::raw::{Args, Method, Owned, noargs};

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
    let timer = asyncio.getattr("TimerHandle")?.cast_into::<PyType>()?;
    // SAFETY: both are types. TimerHandle derives from Handle, so it is no smaller.
    let base_size = unsafe { (*timer.as_type_ptr()).tp_basicsize };
    Fields::set_offset(base_size);
    let made = [
        make_class(py, c"rondel.Handle", &handle, base_size)?,
        make_class(py, c"rondel.TimerHandle", &timer, base_size)?,
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
    py: Python<'py>,
    name: &'static CStr,
    base: &Bound<'py, PyType>,
    base_size: ffi::Py_ssize_t,
) -> PyResult<Bound<'py, PyType>> {
    let getters = attributes::table();
    let slots = [
        ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: destroy as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_traverse, pfunc: traverse as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_clear, pfunc: clear as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_getset, pfunc: getters.cast() },
        ffi::PyType_Slot { slot: 0, pfunc: std::ptr::null_mut() },
    ];
    let size = usize::try_from(base_size).unwrap_or(0) + size_of::<Fields>();
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

/// A handle of `event_loop` for `callback(*args)` in `context`, or in a copy of the current one.
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
    context: Option<Owned>,
) -> PyResult<Owned> {
    let context = match context {
        Some(context) => context,
        None => crate::raw::copy_context(py)?,
    };
    let tuple = if args.len() > INLINE { Some(tuple_of(py, args)?) } else { None };
    let index = kind as usize;
    // SAFETY: the class was made at import. A fresh object comes tracked and zeroed; one from the
    // list is empty, and is tracked once it is whole. The other pointers are as promised.
    unsafe {
        let (object, tracked) = match FREE[index].take(py) {
            Some(object) => (object, false),
            None => (ffi::PyType_GenericAlloc(CLASSES[index].load(Ordering::Relaxed), 0), true),
        };
        let handle = Owned::from_new(py, object)?;
        let fields = Fields::of(object);
        fields.event_loop.set(Some(Owned::from_borrowed(py, event_loop)));
        fields.callback.set(Some(Owned::from_borrowed(py, callback)));
        fields.context.set(Some(context));
        if tuple.is_none() {
            for (place, &arg) in fields.inline.iter().zip(args) {
                place.set(Some(Owned::from_borrowed(py, arg)));
            }
        } else {
            fields.tuple.set(tuple);
        }
        fields.cancelled.set(false);
        fields.scheduled.set(false);
        if !tracked {
            ffi::PyObject_GC_Track(object.cast());
        }
        Ok(handle)
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
        let weak_list = object.byte_offset((*class).tp_weaklistoffset).cast::<*mut ffi::PyObject>();
        if !(*weak_list).is_null() {
            ffi::PyObject_ClearWeakRefs(object);
        }
        nesting::release(py, Fields::of(object));
        let index = usize::from(class == CLASSES[1].load(Ordering::Relaxed));
        if !FREE[index].keep(py, object) {
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
        for cell in Fields::of(object).references() {
            if let Some(reference) = &*cell.as_ptr() {
                let stop = visit(reference.as_ptr(), arg);
                if stop != 0 {
                    return stop;
                }
            }
        }
    }
    0
}

unsafe extern "C" fn clear(object: *mut ffi::PyObject) -> c_int {
    // SAFETY: the collector clears a live object of ours, with the GIL held.
    unsafe { Fields::of(object).release() };
    0
}

fn cancel(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with live objects of the two classes only.
    let fields = unsafe { Fields::of(slf) };
    if !fields.cancelled.replace(true) {
        if let Some(event_loop) = peek(&fields.event_loop) {
            // SAFETY: handles are made with an EventLoop.
            let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) };
            if core.as_ref().is_ok_and(|core| core.get().debug()) {
                // SAFETY: the object is alive.
                let repr = unsafe { Owned::from_new(py, ffi::PyObject_Repr(slf)) }?;
                fields.repr.set(Some(repr));
            }
            if fields.scheduled.replace(false)
                && let Ok(core) = core
            {
                core.get().cancel_timer(py, fields.timer.get());
            }
        }
        fields.release_callback();
    }
    Ok(py.None().into_bound(py).into())
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
