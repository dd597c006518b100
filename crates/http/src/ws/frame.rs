//! The head of a frame (RFC 6455, 5.2).
//!
//! ```text
//!  FIN RSV1 RSV2 RSV3 opcode(4) | MASK length(7) | [length(16) or length(64)] | [mask(32)] | payload
//! ```

use super::mask::apply_mask;
use super::violation::Violation;

/// Two bytes, a length of eight, and the mask.
pub(super) const MAX_HEAD: usize = 14;
/// The most that fits the first length; the two numbers above say where the length stands instead.
const MAX_SHORT: usize = 125;
const LENGTH_IN_16: u8 = 126;
const LENGTH_IN_64: u8 = 127;
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASK: u8 = 0x80;
const CONTROL: u8 = 0x08;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// A further piece of the message under way.
    Continuation = 0x0,
    /// A text, or its first piece.
    Text = 0x1,
    /// Bytes, or their first piece.
    Binary = 0x2,
    /// The end.
    Close = 0x8,
    /// Asks for a pong.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xA,
}

impl Opcode {
    /// Of its number; None for those that are reserved.
    pub fn of(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// Its number.
    pub fn bits(self) -> u8 {
        self as u8
    }

    /// Whether it is close, ping or pong: short, whole, and allowed between the pieces of a message.
    pub fn is_control(self) -> bool {
        self.bits() & CONTROL != 0
    }
}

/// The first two bytes of a head, which say how many follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) fin: bool,
    /// RSV1: this frame begins a compressed message (RFC 7692, 6).
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    masked: bool,
    length: u8,
}

impl Start {
    /// Errors: what no frame may begin with, whatever came before. `compression`: the handshake has agreed on it.
    pub(super) fn parse(first: u8, second: u8, compression: bool) -> Result<Self, Violation> {
        let reserved = if compression { RSV2_RSV3 } else { RSV1 | RSV2_RSV3 };
        if first & reserved != 0 {
            return Err(Violation::reserved_bits());
        }
        let bits = first & 0x0F;
        let opcode = Opcode::of(bits).ok_or_else(|| Violation::opcode(bits))?;
        let (fin, length) = (first & FIN != 0, second & !MASK);
        if opcode.is_control() && !fin {
            return Err(Violation::fragmented_control());
        }
        if opcode.is_control() && usize::from(length) > MAX_SHORT {
            return Err(Violation::large_control());
        }
        Ok(Self { fin, compressed: first & RSV1 != 0, opcode, masked: second & MASK != 0, length })
    }

    /// How many bytes the head has, without the mask.
    pub(super) fn before_mask(self) -> usize {
        match self.length {
            LENGTH_IN_16 => 4,
            LENGTH_IN_64 => 10,
            _ => 2,
        }
    }

    /// How many bytes the head has.
    pub(super) fn size(self) -> usize {
        self.before_mask() + if self.masked { 4 } else { 0 }
    }

    /// How long the payload is, by a head of which all before the mask is there.
    pub(super) fn payload(self, head: &[u8; MAX_HEAD]) -> u64 {
        match self.length {
            LENGTH_IN_16 => u64::from(u16::from_be_bytes([head[2], head[3]])),
            LENGTH_IN_64 => {
                let mut length = [0; 8];
                length.copy_from_slice(&head[2..10]);
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        }
    }

    /// The mask of a head that is whole.
    pub(super) fn mask(self, head: &[u8; MAX_HEAD]) -> Option<[u8; 4]> {
        let at = self.before_mask();
        self.masked.then(|| head[at..].first_chunk().copied()).flatten()
    }
}

/// How many bytes a masked frame has that carries so many.
pub fn encoded_len(payload: usize) -> usize {
    payload + before_payload(payload)
}

fn before_payload(payload: usize) -> usize {
    match payload {
        0..=MAX_SHORT => 6,
        _ if payload <= 0xFFFF => 8,
        _ => MAX_HEAD,
    }
}

/// Writes a frame as a client sends it: whole, and masked. `out` has [`encoded_len`] bytes; of more than there is room for,
/// nothing is written. `compressed`: the payload is what [`Deflate`](super::Deflate) gave.
pub fn encode(out: &mut [u8], opcode: Opcode, compressed: bool, mask: [u8; 4], payload: &[u8]) {
    let Some((head, body)) = out.split_at_mut_checked(before_payload(payload.len())) else { return };
    if body.len() != payload.len() {
        return;
    }
    let mut first = FIN | opcode.bits();
    if compressed {
        first |= RSV1;
    }
    let at = head.len() - mask.len();
    let length = (payload.len() as u64).to_be_bytes();
    head[0] = first;
    head[1] = MASK
        | match at {
            4 => LENGTH_IN_16,
            10 => LENGTH_IN_64,
            _ => length[7],
        };
    head[2..at].copy_from_slice(&length[length.len() + 2 - at..]);
    head[at..].copy_from_slice(&mask);
    body.copy_from_slice(payload);
    apply_mask(body, mask, 0);
}
