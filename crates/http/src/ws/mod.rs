//! WebSocket messages: frames (RFC 6455, section 5) and their compression (RFC 7692). Bytes in, messages out, and back.
//!
//! No I/O, and nothing of the handshake, after which this begins. [`Decoder`] reads what a server sends. What a client
//! sends is made by [`Deflate`], if it is compressed, and [`frame::encode`], with a mask of [`Masks`].

mod decoder;
mod deflate;
pub mod frame;
mod inflate;
mod mask;
mod message;
mod violation;

pub use decoder::Decoder;
pub use deflate::Deflate;
pub use frame::Opcode;
pub use mask::{Masks, apply_mask};
pub use message::Message;
pub use violation::{Violation, close};

/// What ends a compressed message where deflate would have it, and is left out on the wire (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
/// The most input for one step of a codec: zlib counts it in 32 bits.
const MAX_INPUT: usize = 1 << 20;
