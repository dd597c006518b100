//! Addresses as `socket` of Python has them: what `recvfrom` gives, and what `sendto` takes.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString, PyTuple};
use rondel_sys::sockaddr::{self, Address, SocketAddress, ipv6_text};

use crate::raw::Owned;

/// Families whose addresses are converted here. For any other the socket object does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
    Unix,
    Other,
}

/// The family of a Python socket.
pub fn family(sock: &Bound<'_, PyAny>) -> PyResult<Family> {
    let family: i32 = sock.getattr(intern!(sock.py(), "family"))?.extract()?;
    Ok(match family {
        sockaddr::INET => Family::V4,
        sockaddr::INET6 => Family::V6,
        sockaddr::UNIX => Family::Unix,
        _ => Family::Other,
    })
}

/// The address as `makesockaddr` of `CPython`'s `socketmodule.c` gives it: `(host, port)`,
/// `(host, port, flowinfo, scope_id)`, a path, an abstract name as bytes, or None. `neighbour` is an address of the same
/// host, if one is known: its text is used again.
pub fn to_python(py: Python<'_>, address: &SocketAddress, neighbour: Option<&Owned>) -> PyResult<Owned> {
    let host = |text: &dyn Fn() -> String| match neighbour {
        Some(neighbour) => neighbour.bind(py).cast::<PyTuple>()?.get_item(0),
        None => Ok(PyString::new(py, &text()).into_any()),
    };
    let object = match address.address() {
        Some(Address::V4(address)) => {
            let host = host(&|| address.ip().to_string())?;
            (host, address.port()).into_pyobject(py)?.into_any()
        }
        Some(Address::V6(address)) => {
            let host = host(&|| ipv6_text(address.ip()))?;
            (host, address.port(), address.flowinfo(), address.scope_id()).into_pyobject(py)?.into_any()
        }
        Some(Address::Path(path)) => {
            let len = ffi::Py_ssize_t::try_from(path.len()).unwrap_or(0);
            // SAFETY: the bytes are there, that many; the call gives a new reference or sets an exception.
            return unsafe { Owned::from_new(py, ffi::PyUnicode_DecodeFSDefaultAndSize(path.as_ptr().cast(), len)) };
        }
        Some(Address::Abstract(name)) => PyBytes::new(py, name).into_any(),
        Some(Address::Unnamed) | None => py.None().into_bound(py),
    };
    Ok(object.into())
}

/// The address in the system's form, if it is a plain one: numeric host and port, or a name of ASCII. `None` for all
/// that needs a look-up, a codec, or an error message: the socket object gives those.
pub fn from_python(family: Family, address: &Bound<'_, PyAny>) -> Option<SocketAddress> {
    match family {
        Family::V4 => {
            let tuple = address.cast_exact::<PyTuple>().ok().filter(|tuple| tuple.len() == 2)?;
            let ip: Ipv4Addr = ascii(&tuple.get_item(0).ok()?)?.parse().ok()?;
            SocketAddress::new(&Address::V4(SocketAddrV4::new(ip, number(tuple, 1)?)))
        }
        Family::V6 => {
            let tuple = address.cast_exact::<PyTuple>().ok().filter(|tuple| (2..=4).contains(&tuple.len()))?;
            let ip: Ipv6Addr = ascii(&tuple.get_item(0).ok()?)?.parse().ok()?;
            let flow: u32 = if tuple.len() > 2 { number(tuple, 2)? } else { 0 };
            let scope: u32 = if tuple.len() > 3 { number(tuple, 3)? } else { 0 };
            if flow > 0xf_ffff {
                return None;
            }
            SocketAddress::new(&Address::V6(SocketAddrV6::new(ip, number(tuple, 1)?, flow, scope)))
        }
        Family::Unix => {
            let name = match address.cast_exact::<PyBytes>() {
                Ok(bytes) => bytes.as_bytes(),
                Err(_) => ascii(address)?.as_bytes(),
            };
            let name = if name.first() == Some(&0) { Address::Abstract(name) } else { Address::Path(name) };
            SocketAddress::new(&name)
        }
        Family::Other => None,
    }
}

fn ascii<'a>(text: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    text.cast_exact::<PyString>().ok()?.to_str().ok().filter(|text| text.is_ascii())
}

fn number<N>(tuple: &Bound<'_, PyTuple>, at: usize) -> Option<N>
where
    N: for<'a, 'py> FromPyObject<'a, 'py>,
{
    let number = tuple.get_item(at).ok()?;
    number.cast_exact::<PyInt>().ok()?.extract().ok()
}
