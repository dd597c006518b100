//! What is wrong with what the peer sends.

use std::error::Error;
use std::fmt;

use super::frame::Opcode;

/// The close codes that are sent for a violation (RFC 6455, 7.4.1).
pub mod close {
    /// The peer does not keep to the protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A text that is not UTF-8.
    pub const INVALID_TEXT: u16 = 1007;
    /// A message is larger than allowed.
    pub const MESSAGE_TOO_BIG: u16 = 1009;

    /// Below it, the codes are those of the protocol; the others belong to libraries and applications.
    const FIRST_FREE: u16 = 3000;

    /// Whether a peer may send it: what aiohttp lets pass, which is what IANA has registered but the codes that stand for
    /// the lack of one.
    pub(in super::super) fn may_be_sent(code: u16) -> bool {
        code >= FIRST_FREE || matches!(code, 1000..=1003 | 1006..=1014)
    }
}

/// Why a connection has to end. The words are those of aiohttp's reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The connection is to be closed with `code`.
    Protocol {
        /// One of [`close`].
        code: u16,
        /// What is wrong.
        text: String,
    },
    /// A compressed message that can't be inflated: why.
    Corrupt(String),
}

impl Violation {
    /// The close code for it.
    pub fn code(&self) -> u16 {
        match self {
            Self::Protocol { code, .. } => *code,
            Self::Corrupt(_) => close::INVALID_TEXT,
        }
    }

    fn protocol(text: impl Into<String>) -> Self {
        Self::Protocol { code: close::PROTOCOL_ERROR, text: text.into() }
    }

    fn too_big(text: impl Into<String>) -> Self {
        Self::Protocol { code: close::MESSAGE_TOO_BIG, text: text.into() }
    }

    pub(super) fn reserved_bits() -> Self {
        Self::protocol("Received frame with non-zero reserved bits")
    }

    pub(super) fn opcode(bits: u8) -> Self {
        Self::protocol(format!("Unexpected opcode={bits}"))
    }

    pub(super) fn fragmented_control() -> Self {
        Self::protocol("Received fragmented control frame")
    }

    pub(super) fn large_control() -> Self {
        Self::protocol("Control frame payload cannot be larger than 125 bytes")
    }

    pub(super) fn nothing_to_continue() -> Self {
        Self::protocol("Continuation frame for non started message")
    }

    pub(super) fn not_continued(opcode: Opcode) -> Self {
        Self::protocol(format!("The opcode in non-fin frame is expected to be zero, got {}", opcode.bits()))
    }

    pub(super) fn close_code(code: u16) -> Self {
        Self::protocol(format!("Invalid close code: {code}"))
    }

    pub(super) fn close_frame(payload: &[u8]) -> Self {
        Self::protocol(format!("Invalid close frame: its payload is {payload:?}, which is no code"))
    }

    pub(super) fn not_utf8() -> Self {
        Self::Protocol { code: close::INVALID_TEXT, text: "Invalid UTF-8 text message".to_owned() }
    }

    pub(super) fn size(size: u64, limit: u64) -> Self {
        Self::too_big(format!("Message size {size} exceeds limit {limit}"))
    }

    pub(super) fn inflated_size(limit: usize) -> Self {
        Self::too_big(format!("Decompressed message exceeds size limit {limit}"))
    }

    pub(super) fn members() -> Self {
        Self::too_big("Compressed message has too many deflate members")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol { text, .. } => f.write_str(text),
            Self::Corrupt(why) => write!(f, "a compressed message can't be inflated: {why}"),
        }
    }
}

impl Error for Violation {}
