//! The addresses of a connection, kept small: there may be very many.

use std::net::SocketAddrV4;

use pyo3::prelude::*;
use rondel_sys::sockaddr::{Address, SocketAddress};

use crate::datagram::address;
use crate::raw::Owned;

/// An address in few bytes.
#[derive(Clone, Debug)]
pub enum Name {
    V4(SocketAddrV4),
    /// The system's form of any other.
    Other(Box<[u8]>),
}

impl From<&SocketAddress> for Name {
    fn from(address: &SocketAddress) -> Self {
        match address.address() {
            Some(Address::V4(address)) => Self::V4(address),
            _ => Self::Other(address.as_bytes().into()),
        }
    }
}

/// The address as `socket` of Python has it; None where there is none.
pub fn to_python(py: Python<'_>, name: Option<&Name>) -> PyResult<Owned> {
    let address = match name {
        None => None,
        Some(Name::V4(plain)) => SocketAddress::new(&Address::V4(*plain)),
        Some(Name::Other(bytes)) => Some(SocketAddress::from_bytes(bytes)),
    };
    match address {
        Some(address) => address::to_python(py, &address, None),
        None => Ok(py.None().into_bound(py).into()),
    }
}
