//! A connection on its way to a numeric address: `loop.create_connection` in the plain case.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use rondel_sys::connect as sys;
use rondel_sys::sockaddr::{self, Address, SocketAddress};

use super::{Connection, Kind, audit, object};
use crate::datagram::address::{self, Family};
use crate::errors::os_error;
use crate::event_loop::{self, Direction, Watch};
use crate::handle::{self, Pending};
use crate::raw::{Owned, call_method};
use crate::stream::Socket;

/// Who waits for a connection on its way.
pub struct Waiting {
    event_loop: Owned,
    /// Queued when the socket becomes writable.
    handle: Pending,
}

impl Waiting {
    pub fn held(&self) -> [&Owned; 2] {
        [&self.event_loop, self.handle.object()]
    }

    /// Watches no longer.
    pub fn leave(self, py: Python<'_>, fd: Option<Socket>) {
        // SAFETY: the loop was checked where this was made.
        let core = unsafe { event_loop::core_of(py, self.event_loop.as_ptr()) };
        let (Ok(core), Some(fd)) = (core, fd) else { return };
        let watch = Watch::Handle(self.handle);
        let gone = core.get().with(py, |state| {
            if state.stands_for(fd.0, Direction::Write, &watch) {
                // To end it cannot fail.
                state.watch(fd.0, Direction::Write, None).ok().flatten()
            } else {
                None
            }
        });
        drop(gone);
    }
}

/// A connection, and the future that ends with it, unless it stands already.
type Begun<'py> = (Bound<'py, Connection>, Option<Bound<'py, PyAny>>);

/// Begins to connect to `host` and `port`, and gives the connection, and the future that ends with it (None if it stands
/// already). None where this is not the plain case: another address than a numeric one, or somebody who listens to, or
/// has replaced, what asyncio would call.
///
/// Raises `OSError` for what the system knows at once; `TypeError` for a loop that is no `EventLoop`.
#[pyfunction]
pub fn begin_connect<'py>(
    event_loop: &Bound<'py, PyAny>,
    host: &Bound<'py, PyAny>,
    port: &Bound<'py, PyAny>,
) -> PyResult<Option<Begun<'py>>> {
    let py = event_loop.py();
    event_loop::check(event_loop)?;
    let Some(peer) = numeric(host, port) else { return Ok(None) };
    if audit::is_heard(py) || !object::is_plain(py)? {
        return Ok(None);
    }
    let (family, address) = match peer {
        SocketAddr::V4(peer) => (sockaddr::INET, SocketAddress::new(&Address::V4(peer))),
        SocketAddr::V6(peer) => (sockaddr::INET6, SocketAddress::new(&Address::V6(peer))),
    };
    let Some(address) = address else { return Ok(None) };
    let kind = Kind { family, protocol: sys::TCP };
    let fd = sys::stream_socket(kind.family, kind.protocol).map_err(|error| os_error(py, &error))?;
    let stands = sys::connect(&fd, &address).map_err(|error| os_error(py, &error))?;
    let connection = Bound::new(py, Connection::new(kind, fd))?;
    if stands {
        connection.get().name(py, None);
        return Ok(Some((connection, None)));
    }
    let future = call_method(intern!(py, "create_future"), [event_loop])?.bind(py).clone();
    Connection::wait(&connection, event_loop, &future, host, port)?;
    Ok(Some((connection, Some(future))))
}

/// Connects to the Unix socket at `path`, of which one hears at once. None where this is not the plain case: another path
/// than bytes or a text of ASCII, a server that is not there or whose queue is full, or somebody who listens to, or has
/// replaced, what asyncio would call.
///
/// Raises `OSError` without descriptors.
#[pyfunction]
pub fn connect_unix<'py>(path: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Connection>>> {
    let py = path.py();
    if audit::is_heard(py) || !object::is_plain(py)? {
        return Ok(None);
    }
    let Some(address) = address::from_python(Family::Unix, path) else { return Ok(None) };
    let kind = Kind { family: sockaddr::UNIX, protocol: 0 };
    let fd = sys::stream_socket(kind.family, kind.protocol).map_err(|error| os_error(py, &error))?;
    // Whatever else it says: whoever asks again, with a socket object, gets the exception, or waits.
    let Ok(true) = sys::connect(&fd, &address) else { return Ok(None) };
    let connection = Bound::new(py, Connection::new(kind, fd))?;
    connection.get().name(py, None);
    Ok(Some(connection))
}

/// The address, if host and port are numbers as `asyncio.base_events._ipaddr_info` and the system take them.
fn numeric(host: &Bound<'_, PyAny>, port: &Bound<'_, PyAny>) -> Option<SocketAddr> {
    let host: IpAddr = host.cast_exact::<PyString>().ok()?.to_str().ok()?.parse().ok()?;
    let port: u16 = port.cast_exact::<PyInt>().ok()?.extract().ok()?;
    Some(match host {
        IpAddr::V4(ip) => SocketAddrV4::new(ip, port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, 0).into(),
    })
}

impl Connection {
    /// Has `future` told when the connection stands, or has failed.
    fn wait<'py>(
        slf: &Bound<'py, Self>,
        event_loop: &Bound<'py, PyAny>,
        future: &Bound<'py, PyAny>,
        host: &Bound<'py, PyAny>,
        port: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let Some(fd) = this.own(py) else { return Ok(()) };
        // SAFETY: the loop was checked.
        let core = unsafe { event_loop::core_of(py, event_loop.as_ptr()) }?;
        // A descriptor of that number that was closed without a word is the loop's affair.
        event_loop::check_free(core.get(), py, fd.0)?;
        let callback = slf.getattr(intern!(py, "_connected"))?;
        let args = [future.as_ptr(), host.as_ptr(), port.as_ptr()];
        // SAFETY: all are live objects, and the loop was checked.
        let handle = unsafe { handle::make_shown(py, event_loop.as_ptr(), callback.as_ptr(), &args) }?;
        core.get().check_open()?;
        let watch = Watch::Handle(handle.clone());
        let old = core.get().with(py, |state| state.watch_once(fd.0, Direction::Write, watch));
        drop(old.transpose().map_err(|error| os_error(py, &error))?);
        let waiting = Waiting { event_loop: event_loop.clone().into(), handle };
        this.with(py, |state| state.waiting = Some(waiting));
        Ok(())
    }
}

#[pymethods]
impl Connection {
    /// The socket is writable: the connection stands, or has failed.
    fn _connected<'py>(
        &self,
        future: &Bound<'py, PyAny>,
        host: &Bound<'py, PyAny>,
        port: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = future.py();
        // Told once: nothing is left to end, and the loop knows the descriptor when the transport comes.
        drop(self.with(py, |state| state.waiting.take()));
        let Some(fd) = self.own(py) else { return Ok(()) };
        if call_method(intern!(py, "done"), [future])?.bind(py).is_truthy()? {
            return Ok(());
        }
        match sys::take_error(fd) {
            Ok(0) => {
                self.name(py, None);
                call_method(intern!(py, "set_result"), [future, py.None().bind(py)])?;
            }
            Ok(errno) => {
                let address = match self.kind.family {
                    sockaddr::INET => (host, port).into_pyobject(py)?,
                    _ => (host, port, 0, 0).into_pyobject(py)?,
                };
                let error = PyOSError::new_err((errno, format!("Connect call failed {}", address.repr()?)));
                call_method(intern!(py, "set_exception"), [future, error.into_value(py).bind(py).as_any()])?;
            }
            Err(error) => {
                let error = os_error(py, &error).into_value(py);
                call_method(intern!(py, "set_exception"), [future, error.bind(py).as_any()])?;
            }
        }
        Ok(())
    }
}
