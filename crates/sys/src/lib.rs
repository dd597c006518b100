//! What rondel says to the operating system, and nothing else: selectors, the waker, sockets, pipes,
//! the clock, fork detection.
//!
//! Each part is a thin, total layer: it takes integers and buffers, makes the system call, and
//! gives back `io::Result`. Policy (when to read, what to retry, whom to tell) lives above.

pub mod accept;
pub mod connect;
pub mod datagram;
pub mod fork;
pub mod pipe;
pub mod selector;
pub mod sockaddr;
pub mod socket;
pub mod tcp;
pub mod time;
pub mod unowned;
mod waker;

pub use selector::{Backend, Event, Events, Interest, Selector};
pub use waker::Waker;
