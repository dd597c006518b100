//! What bytes go through.

mod socket;

pub use socket::Socket;
