//! `create_future` and `create_task`.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::core_of;
use crate::raw::{Args, Method, Owned, call, call_keywords, call_with_all, fast, noargs};

pub static METHODS: [Method; 2] = [
    noargs(c"create_future", c"create_future($self)\n--\n\nA future of this loop.", create_future),
    fast(
        c"create_task",
        c"create_task($self, coro, **kwargs)\n--\n\nA task of this loop that runs the coroutine.",
        create_task,
    ),
];

/// What asyncio's classes are called with.
struct Classes {
    future: Py<PyAny>,
    task: Py<PyAny>,
    /// `("loop",)`
    names: Py<PyTuple>,
    /// `BaseEventLoop.create_task`, for loops with a task factory.
    by_factory: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let asyncio = py.import("asyncio")?;
        Ok(Classes {
            future: asyncio.getattr("Future")?.unbind(),
            task: asyncio.getattr("Task")?.unbind(),
            names: PyTuple::new(py, [intern!(py, "loop")])?.unbind(),
            by_factory: asyncio.getattr("BaseEventLoop")?.getattr("create_task")?.unbind(),
        })
    })
}

fn create_future(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let (core, event_loop) = unsafe { (core_of(py, slf)?, Borrowed::from_ptr(py, slf)) };
    let future = classes(py)?.future.bind(py);
    let known = core.get().with(py, |state| state.future_arguments.clone()).flatten();
    if let Some(arguments) = known {
        return call_keywords(future, arguments.bind(py).cast::<PyDict>()?);
    }
    let arguments = PyDict::new(py);
    arguments.set_item(intern!(py, "loop"), event_loop)?;
    let kept = arguments.clone().into_any().into();
    core.get().with(py, |state| state.future_arguments = Some(kept));
    call_keywords(future, &arguments)
}

/// Whatever else `Task` takes in this version of Python (name, context, `eager_start`) is passed on to
/// it, and checked by it.
fn create_task(slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let py = args.py();
    // SAFETY: the interpreter calls the method with a live EventLoop.
    let core = unsafe { core_of(py, slf) }?;
    core.get().check_open()?;
    let classes = classes(py)?;
    let positional = args.positional();
    if core.get().has_task_factory() {
        return by_factory(py, classes, slf, args);
    }
    if !args.has_keywords() && positional.len() == 1 {
        let mut stack = [std::ptr::null_mut(), positional[0], slf];
        // SAFETY: the class, the names and the arguments are alive through the call.
        return unsafe { call(py, classes.task.as_ptr(), &mut stack, Some(classes.names.bind(py))) };
    }
    with_keywords(py, classes, slf, args)
}

/// `Task(coro, loop=self, **keywords)`
fn with_keywords(py: Python<'_>, classes: &Classes, slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    let mut names = vec![intern!(py, "loop").clone()];
    let mut stack = vec![std::ptr::null_mut()];
    let coroutine = match args.positional() {
        [coroutine] => *coroutine,
        [] => args
            .keywords()
            .find(|(name, _)| name.eq("coro").unwrap_or(false))
            .ok_or_else(|| Args::missing("create_task", "coro"))?
            .1
            .as_ptr(),
        more => {
            return Err(pyo3::exceptions::PyTypeError::new_err(format!(
                "create_task() takes 1 positional argument but {} were given",
                more.len()
            )));
        }
    };
    stack.extend([coroutine, slf]);
    for (name, value) in args.keywords() {
        if !name.eq("coro")? {
            names.push(name.cast_into::<PyString>()?);
            stack.push(value.as_ptr());
        }
    }
    let names = PyTuple::new(py, names)?;
    // SAFETY: the class, the names and the arguments are alive through the call.
    unsafe { call(py, classes.task.as_ptr(), &mut stack, Some(&names)) }
}

#[cold]
fn by_factory(py: Python<'_>, classes: &Classes, slf: *mut ffi::PyObject, args: Args<'_, '_>) -> PyResult<Owned> {
    // SAFETY: the function and the loop are alive through the call.
    unsafe { call_with_all(py, classes.by_factory.as_ptr(), slf, args) }
}

/// A future of the loop that runs in this thread, as `create_future` makes it. `known`: its `State::future_arguments`.
pub fn new_future(py: Python<'_>, known: Option<&Owned>) -> PyResult<Owned> {
    if let Some(arguments) = known {
        return call_keywords(classes(py)?.future.bind(py), arguments.bind(py).cast::<PyDict>()?);
    }
    let running = py.import(intern!(py, "asyncio"))?.call_method0(intern!(py, "get_running_loop"))?;
    Ok(running.call_method0(intern!(py, "create_future"))?.into())
}
