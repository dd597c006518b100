//! What frames make up.

use std::borrow::Cow;

use super::violation::{Violation, close};

/// A message, or a control frame. What lay in one piece in the input is borrowed from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'i> {
    /// A text.
    Text(Cow<'i, str>),
    /// A text that was not checked, as the decoder was told.
    RawText(Cow<'i, [u8]>),
    /// Bytes.
    Binary(Cow<'i, [u8]>),
    /// Asks for a pong with the same bytes.
    Ping(Cow<'i, [u8]>),
    /// The answer to a ping.
    Pong(Cow<'i, [u8]>),
    /// The end: nothing but the rest of the closing handshake follows.
    Close {
        /// None: the peer gives none.
        code: Option<u16>,
        /// Why, for people.
        reason: String,
    },
}

impl<'i> Message<'i> {
    /// Errors: it isn't UTF-8.
    pub(super) fn text(payload: Cow<'i, [u8]>) -> Result<Self, Violation> {
        let text = match payload {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        text.map(Self::Text).ok_or_else(Violation::not_utf8)
    }

    /// Of the payload of a close frame (5.5.1).
    ///
    /// Errors: half a code, a code that may not be sent, a reason that isn't UTF-8.
    pub(super) fn close(payload: &[u8]) -> Result<Self, Violation> {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            if payload.is_empty() {
                return Ok(Self::Close { code: None, reason: String::new() });
            }
            return Err(Violation::close_frame(payload));
        };
        let code = u16::from_be_bytes(*code);
        if !close::may_be_sent(code) {
            return Err(Violation::close_code(code));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| Violation::not_utf8())?;
        Ok(Self::Close { code: Some(code), reason: reason.to_owned() })
    }
}
