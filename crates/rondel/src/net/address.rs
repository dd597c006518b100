//! From names to addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

use super::error::AddressError;
use crate::blocking::spawn_blocking;

/// Where to connect to or to listen: a `SocketAddr`, a pair of host and port, or the text
/// `"HOST:PORT"`, with a name or a number for the host (`"[::1]:80"` for one of IPv6).
///
/// Implemented for these types only.
pub trait Address: sealed::Target {}

impl<T: sealed::Target> Address for T {}

mod sealed {
    pub trait Target {
        /// Errors: the text is no address.
        fn target(&self) -> std::io::Result<super::Target>;
    }
}

/// An address as far as it is known without asking anybody.
pub enum Target {
    Known(SocketAddr),
    Name(String, u16),
}

impl Target {
    fn from_host(host: &str, port: u16) -> Self {
        match host.parse::<IpAddr>() {
            Ok(ip) => Self::Known((ip, port).into()),
            Err(_) => Self::Name(host.to_owned(), port),
        }
    }
}

impl sealed::Target for str {
    fn target(&self) -> io::Result<Target> {
        if let Ok(address) = self.parse() {
            return Ok(Target::Known(address));
        }
        let parts = self.rsplit_once(':');
        let parts = parts.filter(|(host, _)| !host.is_empty() && !host.contains(':'));
        match parts.map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => Ok(Target::from_host(host, port)),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{self:?} is no address: give HOST:PORT, with a port from 0 to 65535, and an \
                     IPv6 host in brackets"
                ),
            )),
        }
    }
}

impl sealed::Target for String {
    fn target(&self) -> io::Result<Target> {
        self.as_str().target()
    }
}

impl sealed::Target for (&str, u16) {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::from_host(self.0, self.1))
    }
}

impl sealed::Target for (String, u16) {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::from_host(&self.0, self.1))
    }
}

impl<T: sealed::Target + ?Sized> sealed::Target for &T {
    fn target(&self) -> io::Result<Target> {
        (**self).target()
    }
}

macro_rules! known {
    ($($address:ty),*) => {$(
        impl sealed::Target for $address {
            fn target(&self) -> io::Result<Target> {
                Ok(Target::Known((*self).into()))
            }
        }
    )*};
}

known!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

/// The addresses that `address` stands for, in the order in which the system advises to try them. A
/// name is looked up (`getaddrinfo`) on another thread.
///
/// Errors: the text is no address (`InvalidInput`), or there is no such name.
///
/// ```
/// rondel::run(async {
///     let found = rondel::net::lookup("127.0.0.1:80").await?;
///     assert_eq!(found, ["127.0.0.1:80".parse().unwrap()]);
///     std::io::Result::Ok(())
/// })??;
/// # std::io::Result::Ok(())
/// ```
pub async fn lookup(address: impl Address) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = match address.target()? {
        Target::Known(address) => return Ok(vec![address]),
        Target::Name(host, port) => (host, port),
    };
    let name = host.clone();
    let asked = spawn_blocking(move || (name, port).to_socket_addrs());
    let found = match asked.await {
        Ok(Ok(found)) => Ok(found.collect::<Vec<_>>()),
        Ok(Err(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    };
    match found {
        Ok(found) if found.is_empty() => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
        found => found,
    }
    .map_err(|error| AddressError::wrap("look up", &host, error))
}
