//! From bytes to messages.

use std::borrow::Cow;

use super::frame::{MAX_HEAD, Opcode, Start};
use super::inflate::Inflate;
use super::mask::apply_mask;
use super::message::Message;
use super::violation::Violation;

/// Reads what a peer sends, in pieces of any size.
///
/// It is what aiohttp's reader is: masked frames are taken, too, though no server should send them, and a message of exactly
/// the maximum is too large.
pub struct Decoder {
    /// The maximum of a message, compressed and inflated, in bytes; 0: none.
    max: usize,
    /// Whether the handshake has agreed on compression.
    compression: bool,
    /// Whether texts are checked.
    checks_text: bool,
    /// Made for the first compressed message.
    inflate: Option<Inflate>,
    head: Head,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The message whose pieces are being read.
    begun: Option<Begun>,
    /// What has come of it.
    data: Vec<u8>,
    /// What has come of a control frame, which may stand between a message's pieces.
    control: Vec<u8>,
    failed: Option<Violation>,
}

/// As much of a head as has come.
#[derive(Default)]
struct Head {
    bytes: [u8; MAX_HEAD],
    len: usize,
}

#[derive(Clone, Copy)]
struct Frame {
    fin: bool,
    opcode: Opcode,
    mask: Option<[u8; 4]>,
    /// Bytes of the payload that have been read, and that have not.
    read: usize,
    left: usize,
}

#[derive(Clone, Copy)]
struct Begun {
    is_text: bool,
    compressed: bool,
}

impl Decoder {
    /// `max`: how many bytes a message may have, exclusively; 0: any number. `compression`: the handshake has agreed on it.
    /// `checks_text`: texts are given as such, not as bytes.
    pub fn new(max: usize, compression: bool, checks_text: bool) -> Self {
        Self {
            max,
            compression,
            checks_text,
            inflate: None,
            head: Head::default(),
            frame: None,
            begun: None,
            data: Vec::new(),
            control: Vec::new(),
            failed: None,
        }
    }

    /// The next message. What it is made of is taken from `input`; None: all of that is taken, and more is needed.
    ///
    /// Errors: the peer does not keep to the protocol. That is the end: what follows it means nothing, and each further
    /// call gives the error again.
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Message<'i>>, Violation> {
        let next = match &self.failed {
            Some(violation) => Err(violation.clone()),
            None => self.read(input),
        };
        if let Err(violation) = &next {
            self.failed = Some(violation.clone());
            (self.data, self.control) = (Vec::new(), Vec::new());
            *input = &[];
        }
        next
    }

    fn read<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Message<'i>>, Violation> {
        loop {
            if self.frame.is_none() {
                self.frame = self.read_head(input)?;
            }
            let Some(frame) = self.frame.take() else { return Ok(None) };
            let (piece, rest) = input.split_at(frame.left.min(input.len()));
            *input = rest;
            let in_one_piece = frame.read == 0 && piece.len() == frame.left;
            if in_one_piece && (frame.opcode.is_control() || (frame.fin && frame.opcode != Opcode::Continuation)) {
                return self.complete(frame.opcode, unmasked(piece, frame.mask)).map(Some);
            }
            let kept = if frame.opcode.is_control() { &mut self.control } else { &mut self.data };
            let at = kept.len();
            kept.extend_from_slice(piece);
            if let Some(mask) = frame.mask {
                apply_mask(&mut kept[at..], mask, frame.read);
            }
            let left = frame.left - piece.len();
            if left > 0 {
                self.frame = Some(Frame { read: frame.read + piece.len(), left, ..frame });
                return Ok(None);
            }
            if frame.fin {
                let payload = std::mem::take(kept);
                return self.complete(frame.opcode, Cow::Owned(payload)).map(Some);
            }
        }
    }

    /// The frame that begins here, once its head is whole.
    fn read_head(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        if !self.head.fill(input, 2) {
            return Ok(None);
        }
        let start = Start::parse(self.head.bytes[0], self.head.bytes[1], self.compression)?;
        self.check_sequence(start)?;
        if !self.head.fill(input, start.before_mask()) {
            return Ok(None);
        }
        let left = self.check_size(start.opcode, start.payload(&self.head.bytes))?;
        if !self.head.fill(input, start.size()) {
            return Ok(None);
        }
        let mask = start.mask(&self.head.bytes);
        self.head.len = 0;
        if let Opcode::Text | Opcode::Binary = start.opcode {
            self.begun = Some(Begun { is_text: start.opcode == Opcode::Text, compressed: start.compressed });
        }
        Ok(Some(Frame { fin: start.fin, opcode: start.opcode, mask, read: 0, left }))
    }

    /// Errors: a frame that may not come now. (RSV1 of a control frame does not matter once compression is agreed on: some
    /// peers set it.)
    fn check_sequence(&self, start: Start) -> Result<(), Violation> {
        if start.opcode.is_control() {
            return Ok(());
        }
        if start.compressed && self.begun.is_some() {
            return Err(Violation::reserved_bits());
        }
        match (start.opcode == Opcode::Continuation, self.begun.is_some()) {
            (true, false) => Err(Violation::nothing_to_continue()),
            (false, true) => Err(Violation::not_continued(start.opcode)),
            _ => Ok(()),
        }
    }

    /// Errors: the message would be too large. So nothing is kept of it.
    fn check_size(&self, opcode: Opcode, payload: u64) -> Result<usize, Violation> {
        let before = if opcode.is_control() { 0 } else { self.data.len() as u64 };
        let size = before.saturating_add(payload);
        if self.max > 0 && !opcode.is_control() && size >= self.max as u64 {
            return Err(Violation::size(size, self.max as u64));
        }
        let most = u64::try_from(isize::MAX).unwrap_or(u64::MAX);
        match usize::try_from(payload) {
            Ok(length) if size <= most => Ok(length),
            _ => Err(Violation::size(size, most)),
        }
    }

    fn complete<'i>(&mut self, opcode: Opcode, payload: Cow<'i, [u8]>) -> Result<Message<'i>, Violation> {
        match opcode {
            Opcode::Ping => return Ok(Message::Ping(payload)),
            Opcode::Pong => return Ok(Message::Pong(payload)),
            Opcode::Close => return Message::close(&payload),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {}
        }
        let Some(Begun { is_text, compressed }) = self.begun.take() else {
            return Err(Violation::nothing_to_continue());
        };
        let payload = if compressed {
            let inflate = self.inflate.get_or_insert_with(Inflate::new);
            Cow::Owned(inflate.message(&payload, self.max)?)
        } else {
            payload
        };
        match (is_text, self.checks_text) {
            (true, true) => Message::text(payload),
            (true, false) => Ok(Message::RawText(payload)),
            (false, _) => Ok(Message::Binary(payload)),
        }
    }
}

impl Head {
    /// Takes from `input` what is missing of `len` bytes. Tells whether they are there.
    fn fill(&mut self, input: &mut &[u8], len: usize) -> bool {
        let missing = len.saturating_sub(self.len).min(input.len());
        let (taken, rest) = input.split_at(missing);
        self.bytes[self.len..self.len + missing].copy_from_slice(taken);
        self.len += missing;
        *input = rest;
        self.len >= len
    }
}

fn unmasked(payload: &[u8], mask: Option<[u8; 4]>) -> Cow<'_, [u8]> {
    let Some(mask) = mask else { return Cow::Borrowed(payload) };
    let mut payload = payload.to_vec();
    apply_mask(&mut payload, mask, 0);
    Cow::Owned(payload)
}
