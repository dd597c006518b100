//! Addresses of connections, as `socket` has them.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::raw::Owned;

/// `(host, port)`, or `(host, port, flowinfo, scope_id)` of IPv6.
pub fn to_python(py: Python<'_>, address: SocketAddr) -> PyResult<Owned> {
    let made = match address {
        SocketAddr::V4(address) => (address.ip().to_string(), address.port()).into_pyobject(py)?,
        SocketAddr::V6(address) => {
            (address.ip().to_string(), address.port(), address.flowinfo(), address.scope_id()).into_pyobject(py)?
        }
    };
    Ok(made.into_any().into())
}

/// The address of such a tuple.
///
/// Errors: `TypeError`, `ValueError` for anything else.
pub fn of_python(address: &Bound<'_, PyAny>) -> PyResult<SocketAddr> {
    let parts = address.cast::<PyTuple>()?;
    let (host, port): (String, u16) = (parts.get_item(0)?.extract()?, parts.get_item(1)?.extract()?);
    let number = |place: usize| if parts.len() > place { parts.get_item(place)?.extract() } else { Ok(0) };
    of_text(address.py(), &host, port, number(2)?, number(3)?)
}

/// The address that `host` is, which may name its zone behind a `%`.
///
/// Errors: `ValueError` for a name, `OSError` for a zone that is no interface of the machine.
pub fn of_text(py: Python<'_>, host: &str, port: u16, flowinfo: u32, scope: u32) -> PyResult<SocketAddr> {
    let (plain, zone) = host.split_once('%').unwrap_or((host, ""));
    let address: IpAddr = plain
        .parse()
        .map_err(|_| PyValueError::new_err(format!("{host:?} is no IP address, in what a resolver gave")))?;
    Ok(match address {
        IpAddr::V4(address) => SocketAddr::from((address, port)),
        IpAddr::V6(address) => {
            let scope = match zone.parse() {
                _ if scope != 0 || zone.is_empty() => scope,
                Ok(number) => number,
                Err(_) => py.import("socket")?.call_method1("if_nametoindex", (zone,))?.extract()?,
            };
            SocketAddrV6::new(address, port, flowinfo, scope).into()
        }
    })
}
