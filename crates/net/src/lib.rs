//! Byte-level state machines on the engine: what a transport decides, without who it decides for.
//!
//! Nothing here knows of Python or of futures; both faces of rondel stand on it.
#![forbid(unsafe_code)]

mod connect;
mod datagram_queue;
mod intake;
mod listener;
mod lookahead;
mod socket;
mod stream;
pub mod tls;
mod watermarks;
mod write_queue;

pub use connect::{Connect, Connected};
pub use datagram_queue::DatagramQueue;
pub use intake::Intake;
pub use listener::Listener;
pub use lookahead::Lookahead;
pub use socket::Socket;
pub use stream::Stream;
pub use watermarks::{Pressure, Watermarks};
pub use write_queue::{Flushed, WriteQueue};
