//! What a handle holds.

use std::cell::Cell;
use std::ffi::CStr;
use std::sync::atomic::{AtomicIsize, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use super::context::Context;
use crate::raw::{Owned, copy_of};

/// So many arguments stand in the handle itself; more are kept as a tuple. `call_soon(f)` and
/// `call_soon(f, future)` are nearly all there is.
pub const INLINE: usize = 2;

/// A place for one reference: null, or an object.
pub type Place = Cell<Option<Owned>>;

/// The references that each handle holds, in the memory of the slots that its Python base class declares: a handle of
/// ours is no larger than asyncio's. The base's own descriptors still reach that memory, so that nothing but objects and
/// nulls may stand there. All-zero memory is an empty handle.
///
/// They stand in the order of the base's slots, so that each is where its name says; the two names that are left over
/// serve the arguments.
#[repr(C)]
pub struct Fields {
    /// The first argument, if there is one; or all of them as a tuple: then the second is the [`mark`].
    pub first: Place,
    /// Null once the handle was cancelled.
    pub callback: Place,
    /// The second argument, if there is one.
    pub second: Place,
    pub context: Place,
    pub event_loop: Place,
    /// In debug mode, what a cancelled handle was; the [`mark`] while that is found out.
    pub repr: Place,
    /// In debug mode, where the callback was scheduled. The [`mark`] says that the context is shared.
    pub source_traceback: Place,
}

/// What stands in the slots of `asyncio.Handle`.
const SLOTS: [&CStr; 7] =
    [c"_args", c"_callback", c"_cancelled", c"_context", c"_loop", c"_repr", c"_source_traceback"];
const _: () = assert!(size_of::<Fields>() == SLOTS.len() * size_of::<*mut ffi::PyObject>());

/// The native part of a timer's handle, behind its Python base class.
#[repr(C)]
pub struct Timer {
    /// The driver's key of the timer, once there is one: [`UNSCHEDULED`] before that, and again when it was cancelled.
    pub key: Cell<u64>,
    /// When the timer is due, as `loop.time()` would say it.
    pub when: Cell<f64>,
    /// The object that `call_at` was given for it, unless it was a float.
    pub when_object: Place,
}

/// The key of no timer.
pub const UNSCHEDULED: u64 = u64::MAX;

static FIELDS: AtomicIsize = AtomicIsize::new(0);
static TIMER: AtomicIsize = AtomicIsize::new(0);
static MARK: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// An object that stands for nothing but itself, in a place where programs' objects stand otherwise. It lives for ever.
#[inline]
fn mark() -> *mut ffi::PyObject {
    MARK.load(Ordering::Relaxed)
}

/// Decides where the fields stand in the two classes, which derive from `handle` and `timer`: gives the sizes of their
/// objects. Called once, at the module's import.
pub fn place(handle: &Bound<'_, PyType>, timer: &Bound<'_, PyType>) -> PyResult<[usize; 2]> {
    let py = handle.py();
    MARK.store(py.import("builtins")?.getattr("object")?.call0()?.into_ptr(), Ordering::Relaxed);
    // SAFETY: both are types.
    let (handle_size, timer_size) =
        unsafe { ((*handle.as_type_ptr()).tp_basicsize, (*timer.as_type_ptr()).tp_basicsize) };
    let fields_size = ffi::Py_ssize_t::try_from(size_of::<Fields>())?;
    let (fields, behind) = match first_slot(handle) {
        Some(offset) => (offset, timer_size),
        // Another layout than that of the versions known: a place of our own.
        None => (timer_size, timer_size + fields_size),
    };
    FIELDS.store(fields, Ordering::Relaxed);
    TIMER.store(behind, Ordering::Relaxed);
    let handle_size = handle_size.max(fields + fields_size);
    Ok([usize::try_from(handle_size)?, usize::try_from(behind)? + size_of::<Timer>()])
}

/// Where the slots of `class` begin, if they are those known and stand side by side.
fn first_slot(class: &Bound<'_, PyType>) -> Option<isize> {
    let mut first = None;
    let mut next = None;
    for name in SLOTS {
        let descriptor = class.getattr(name.to_str().ok()?).ok()?;
        // SAFETY: a static type that lives as long as the interpreter.
        let expected = unsafe { PyType::from_borrowed_type_ptr(class.py(), &raw mut ffi::PyMemberDescr_Type) };
        if !descriptor.get_type().is(&expected) {
            return None;
        }
        // SAFETY: its type says that it is a member descriptor, and those hold a member definition.
        let member = unsafe { &*(*descriptor.as_ptr().cast::<ffi::PyMemberDescrObject>()).d_member };
        if member.type_code != ffi::Py_T_OBJECT_EX || next.is_some_and(|next| next != member.offset) {
            return None;
        }
        first = first.or(Some(member.offset));
        next = Some(member.offset + isize::try_from(size_of::<Place>()).ok()?);
    }
    first
}

impl Fields {
    /// The fields of `handle`.
    ///
    /// # Safety
    /// `handle` points to a live object of one of the two handle classes, whose life covers `'a`.
    #[inline]
    pub unsafe fn of<'a>(handle: *mut ffi::PyObject) -> &'a Self {
        // SAFETY: both classes have room for the fields there, zeroed when the object was made.
        unsafe { &*handle.byte_offset(FIELDS.load(Ordering::Relaxed)).cast::<Self>() }
    }

    /// Puts callback and arguments, `tuple` instead of more than [`INLINE`], into an empty handle.
    ///
    /// # Safety
    /// All pointers are of live objects.
    #[inline]
    pub unsafe fn fill(
        &self,
        py: Python<'_>,
        event_loop: *mut ffi::PyObject,
        callback: *mut ffi::PyObject,
        args: &[*mut ffi::PyObject],
        tuple: Option<Owned>,
        context: Context,
    ) {
        // SAFETY: the objects are alive, as promised; the handle is empty, so that no place holds what would have to
        // be dropped.
        unsafe {
            let own = |object| Owned::from_borrowed(py, object);
            put(&self.event_loop, own(event_loop));
            put(&self.callback, own(callback));
            match context {
                Context::Own(context) => put(&self.context, context),
                Context::Shared(context) => {
                    put(&self.context, context);
                    put(&self.source_traceback, own(mark()));
                }
            }
            match (args, tuple) {
                ([], _) => {}
                (&[first], _) => put(&self.first, own(first)),
                (&[first, second], _) => {
                    put(&self.first, own(first));
                    put(&self.second, own(second));
                }
                (_, Some(tuple)) => {
                    put(&self.first, tuple);
                    put(&self.second, own(mark()));
                }
                (_, None) => {}
            }
        }
    }

    /// All arguments as a tuple; `None` for a handle that has dropped them.
    pub fn args<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        if peek(&self.callback).is_none() {
            return Ok(None);
        }
        let (first, second) = (peek(&self.first), peek(&self.second));
        match Arguments::of(first.as_ref(), second.as_ref()) {
            Arguments::Many(tuple) => Ok(Some(tuple.bind(py).cast::<PyTuple>()?.clone())),
            Arguments::Few(args) => {
                PyTuple::new(py, args.iter().flatten().map(|arg| arg.bind(py)).collect::<Vec<_>>()).map(Some)
            }
        }
    }

    /// Whether the handle was cancelled, or is being cancelled.
    #[inline]
    pub fn cancelled(&self) -> bool {
        // SAFETY: nobody writes to the place meanwhile, under the GIL.
        unsafe { (*self.callback.as_ptr()).is_none() || holds_mark(&self.repr) }
    }

    /// Begins a cancellation in debug mode.
    pub fn set_cancelling(&self, py: Python<'_>) {
        // SAFETY: the mark is alive.
        self.repr.set(Some(unsafe { Owned::from_borrowed(py, mark()) }));
    }

    /// What a handle cancelled in debug mode was.
    pub fn cancelled_repr(&self) -> Option<Owned> {
        peek(&self.repr).filter(|repr| repr.as_ptr() != mark())
    }

    /// Whether the context is shared with other handles: none is to enter it, nor to be seen with it.
    #[inline]
    pub fn shares_context(&self) -> bool {
        holds_mark(&self.source_traceback)
    }

    /// Gives the handle a context of its own, if it has none yet.
    #[inline]
    pub fn own_context(&self, py: Python<'_>) -> PyResult<()> {
        if self.shares_context() { self.copy_context(py) } else { Ok(()) }
    }

    #[cold]
    fn copy_context(&self, py: Python<'_>) -> PyResult<()> {
        let Some(shared) = peek(&self.context) else { return Ok(()) };
        // SAFETY: the object is alive.
        let context = unsafe { copy_of(py, shared.as_ptr()) }?;
        // To make it may have run code that did the same.
        if self.shares_context() {
            self.keep_context(context);
        }
        Ok(())
    }

    /// Makes a context the handle's own, in place of the shared one.
    pub fn keep_context(&self, context: Owned) {
        let replaced = (self.source_traceback.take(), self.context.replace(Some(context)));
        drop(replaced);
    }

    /// In debug mode, where the callback was scheduled.
    pub fn scheduled_at(&self) -> Option<Owned> {
        peek(&self.source_traceback).filter(|traceback| traceback.as_ptr() != mark())
    }

    /// Drops callback and arguments.
    #[inline]
    pub fn release_callback(&self) {
        // All are taken out before the first is dropped: that may run code which looks at this handle.
        let taken = (self.callback.take(), self.first.take(), self.second.take());
        drop(taken);
    }

    /// All references, for garbage collection and for the end.
    #[inline]
    pub fn places(&self) -> [&Place; 7] {
        [&self.callback, &self.first, &self.second, &self.context, &self.event_loop, &self.repr, &self.source_traceback]
    }
}

impl Timer {
    /// The native part of `handle`.
    ///
    /// # Safety
    /// `handle` points to a live object of the timers' class, whose life covers `'a`.
    #[inline]
    pub unsafe fn of<'a>(handle: *mut ffi::PyObject) -> &'a Self {
        // SAFETY: the class has room for it there, zeroed when the object was made.
        unsafe { &*handle.byte_offset(TIMER.load(Ordering::Relaxed)).cast::<Self>() }
    }
}

/// What a callback is called with.
pub enum Arguments<'a> {
    /// As many as are there, from the front.
    Few([Option<&'a Owned>; INLINE]),
    /// A tuple.
    Many(&'a Owned),
}

impl<'a> Arguments<'a> {
    /// What stands in the places of the first and the second argument.
    #[inline]
    pub fn of(first: Option<&'a Owned>, second: Option<&'a Owned>) -> Self {
        match (first, second) {
            (Some(tuple), Some(second)) if second.as_ptr() == mark() => Self::Many(tuple),
            few => Self::Few(few.into()),
        }
    }
}

fn holds_mark(place: &Place) -> bool {
    // SAFETY: nobody writes to the place meanwhile, under the GIL.
    unsafe { (*place.as_ptr()).as_ref() }.is_some_and(|object| object.as_ptr() == mark())
}

/// Puts a reference into an empty place.
///
/// # Safety
/// The place is empty.
#[inline]
unsafe fn put(place: &Place, object: Owned) {
    // SAFETY: nobody else looks at the place meanwhile, under the GIL; there is nothing to drop in it.
    unsafe { place.as_ptr().write(Some(object)) };
}

/// What stands in `place`.
///
/// # Safety
/// Nobody writes to the place while the result is used.
#[inline]
pub unsafe fn glance(place: &Place) -> Option<&Owned> {
    // SAFETY: as promised by the caller.
    unsafe { (*place.as_ptr()).as_ref() }
}

/// A second reference to what stands in `place`.
#[inline]
pub fn peek(place: &Place) -> Option<Owned> {
    // SAFETY: the GIL is held (the contract of `Owned`), and a clone runs no code that could write
    // to the place meanwhile.
    unsafe { (*place.as_ptr()).clone() }
}
