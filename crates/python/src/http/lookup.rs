//! Names of hosts, looked up by Python: by the loop's own `getaddrinfo`, which asks the system in a thread, or by a
//! resolver of the program's.
//!
//! Either is a coroutine. It becomes a task of the loop, which is cancelled when nobody is interested in it any more.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rondel_http::Family;
use rondel_http::connect::Resolve;
use rondel_sys::sockaddr;

use super::address;
use super::errors::Raised;
use super::local::Local;
use super::runtime::{Loop, attached};
use crate::raw::Owned;

/// What came of it, and who waits.
#[derive(Default)]
struct Answer {
    addresses: Option<io::Result<Vec<SocketAddr>>>,
    waker: Option<Waker>,
}

/// A name being looked up. Dropped, the task is cancelled.
pub struct Lookup {
    answer: Rc<RefCell<Answer>>,
    /// None: it could not be begun.
    task: Option<Owned>,
}

impl Future for Lookup {
    type Output = io::Result<Vec<SocketAddr>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut answer = self.answer.borrow_mut();
        if let Some(addresses) = answer.addresses.take() {
            return Poll::Ready(addresses);
        }
        let stale = answer.waker.replace(waker);
        drop(answer);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let py = attached();
            // Of one that is done nothing is cancelled; and where its loop is closed, nothing is left to do.
            let _ = task.bind(py).call_method0(intern!(py, "cancel"));
        }
    }
}

/// How what the awaitable gives is read.
type Parse = fn(&Bound<'_, PyAny>) -> PyResult<Vec<SocketAddr>>;

/// Called when the task is done.
#[pyclass(frozen, module = "rondel._rondel")]
pub struct LookedUp {
    answer: Local<Rc<RefCell<Answer>>>,
    parse: Parse,
}

#[pymethods]
impl LookedUp {
    fn __call__(&self, task: &Bound<'_, PyAny>) {
        let py = task.py();
        let addresses = match task.call_method0(intern!(py, "result")) {
            Ok(found) => (self.parse)(&found),
            Err(error) => Err(error),
        };
        let addresses = addresses.map_err(Raised::io);
        let answer = self.answer.get(py);
        let waker = {
            let mut answer = answer.borrow_mut();
            answer.addresses = Some(addresses);
            answer.waker.take()
        };
        if let Some(waker) = waker {
            self.answer.home(py).enter(py, || waker.wake());
        }
    }
}

/// Runs an awaitable as a task. `begin` makes it, of the loop that runs.
fn run(py: Python<'_>, home: &Loop, parse: Parse, begin: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<Owned>) -> Lookup {
    let answer = Rc::<RefCell<Answer>>::default();
    let told = LookedUp { answer: Local::new(home.clone(), Rc::clone(&answer)), parse };
    let task = start(py, told, begin);
    let task = task.map_err(|error| answer.borrow_mut().addresses = Some(Err(Raised::io(error)))).ok();
    Lookup { answer, task }
}

fn start(py: Python<'_>, told: LookedUp, begin: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<Owned>) -> PyResult<Owned> {
    let asyncio = py.import(intern!(py, "asyncio"))?;
    let event_loop = asyncio.call_method0(intern!(py, "get_running_loop"))?;
    let awaitable = begin(&event_loop)?;
    let task = asyncio.call_method1(intern!(py, "ensure_future"), (awaitable.bind(py),))?;
    task.call_method1(intern!(py, "add_done_callback"), (Bound::new(py, told)?,))?;
    Ok(task.into())
}

fn number(family: Family) -> i32 {
    match family {
        Family::Any => 0,
        Family::V4 => sockaddr::INET,
        Family::V6 => sockaddr::INET6,
    }
}

/// As the loop does it.
pub fn by_loop(py: Python<'_>, home: &Loop, host: &str, port: u16, family: Family) -> Lookup {
    run(py, home, from_system, |event_loop| {
        let socket = py.import(intern!(py, "socket"))?;
        let known = PyDict::new(py);
        known.set_item(intern!(py, "family"), number(family))?;
        known.set_item(intern!(py, "type"), socket.getattr(intern!(py, "SOCK_STREAM"))?)?;
        known.set_item(intern!(py, "flags"), socket.getattr(intern!(py, "AI_ADDRCONFIG"))?)?;
        Ok(event_loop.call_method(intern!(py, "getaddrinfo"), (host, port), Some(&known))?.into())
    })
}

/// Tuples of `socket.getaddrinfo`: family, type, protocol, canonical name, address.
fn from_system(found: &Bound<'_, PyAny>) -> PyResult<Vec<SocketAddr>> {
    found.try_iter()?.map(|entry| address::of_python(&entry?.get_item(4)?)).collect()
}

/// A resolver of the program's (`aiohttp.abc.AbstractResolver`).
pub struct Resolver {
    home: Loop,
    object: Owned,
}

impl Resolver {
    pub fn new(home: Loop, object: Owned) -> Self {
        Self { home, object }
    }

    /// For the garbage collector.
    pub fn object(&self) -> &Owned {
        &self.object
    }
}

impl Resolve for Resolver {
    fn lookup(
        &self,
        host: &str,
        port: u16,
        family: Family,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>> {
        let py = attached();
        // Held through the call, as it may have the client closed.
        let resolver = self.object.clone();
        Box::pin(run(py, &self.home, from_resolver, |_| {
            let known = PyDict::new(py);
            known.set_item(intern!(py, "family"), number(family))?;
            Ok(resolver.bind(py).call_method(intern!(py, "resolve"), (host, port), Some(&known))?.into())
        }))
    }
}

/// Dictionaries of `ResolveResult`: those of one address each, as text.
fn from_resolver(found: &Bound<'_, PyAny>) -> PyResult<Vec<SocketAddr>> {
    let py = found.py();
    found
        .try_iter()?
        .map(|entry| {
            let entry = entry?;
            let host: String = entry.get_item(intern!(py, "host"))?.extract()?;
            let port = entry.get_item(intern!(py, "port"))?.extract()?;
            address::of_text(py, &host, port, 0, 0)
        })
        .collect()
}
