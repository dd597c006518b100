//! Errors that say where.

use std::error::Error;
use std::fmt;
use std::io;

/// What failed, and where: the inner error of the `io::Error` that connecting, listening and looking
/// up names give. The outer one has the kind of the cause.
///
/// ```
/// use std::io::ErrorKind;
/// use rondel::net::{AddressError, TcpListener, TcpStream};
///
/// rondel::run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
///     let address = listener.local_addr().unwrap();
///     drop(listener);
///     let error = TcpStream::connect(address).await.unwrap_err();
///     assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
///     let inner = error.get_ref().unwrap().downcast_ref::<AddressError>().unwrap();
///     assert_eq!(inner.address(), address.to_string());
///     assert!(inner.cause().raw_os_error().is_some());
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct AddressError {
    operation: &'static str,
    address: String,
    cause: io::Error,
}

impl AddressError {
    pub(super) fn wrap(operation: &'static str, address: impl fmt::Display, cause: io::Error) -> io::Error {
        io::Error::new(cause.kind(), Self { operation, address: address.to_string(), cause })
    }

    /// What was tried: `connect to`, `listen on`, `look up`.
    pub fn operation(&self) -> &str {
        self.operation
    }

    /// Where.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the system said.
    pub fn cause(&self) -> &io::Error {
        &self.cause
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, address, cause } = self;
        write!(f, "cannot {operation} {address}: {cause}")
    }
}

impl Error for AddressError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
