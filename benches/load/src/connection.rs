//! A connection with at most one message under way.

use std::io;

use crate::channel::Channel;
use crate::problem::{During, Problem, Result};

/// Of the messages of a connection, the first and then each so-many-th is compared byte by byte.
const COMPARED: u64 = 64;
/// Bytes at the start of a datagram that tell which one it is.
const TAG: usize = 8;
const BUFFER: usize = 1024 * 1024;

/// What all connections of a load share.
pub struct Shared {
    /// What is sent.
    message: Vec<u8>,
    buffer: Vec<u8>,
}

impl Shared {
    /// A message of `bytes`, no two stretches of which are alike.
    pub fn new(bytes: usize) -> Self {
        let byte = |index: usize| u8::try_from((index * 31 + index / 251) % 256).unwrap_or(0);
        Self { message: (0..bytes).map(byte).collect(), buffer: vec![0; BUFFER] }
    }
}

/// What came of an attempt to receive.
pub struct Received {
    /// The message is back as a whole.
    pub complete: bool,
    /// Nothing more is there for now.
    pub empty: bool,
}

/// One connection of a load.
pub struct Connection<C> {
    channel: C,
    /// Bytes of the message under way.
    sent: usize,
    received: usize,
    /// A message is under way.
    pub busy: bool,
    messages: u64,
}

impl<C: Channel> Connection<C> {
    /// With nothing under way.
    pub fn new(channel: C) -> Self {
        Self { channel, sent: 0, received: 0, busy: false, messages: 0 }
    }

    /// What it goes over.
    pub fn channel(&self) -> &C {
        &self.channel
    }

    /// Whether a whole message has come back.
    pub fn works(&self) -> bool {
        self.messages > u64::from(self.busy)
    }

    /// Sends the next message, as far as the kernel takes it.
    pub fn begin(&mut self, shared: &mut Shared) -> Result<()> {
        self.busy = true;
        self.messages += 1;
        self.again(shared)
    }

    /// Sends the message under way from its start: a datagram that was lost.
    pub fn again(&mut self, shared: &mut Shared) -> Result<()> {
        (self.sent, self.received) = (0, 0);
        self.fill(shared)
    }

    /// Sends what is left of the message, as far as the kernel takes it.
    pub fn fill(&mut self, shared: &mut Shared) -> Result<()> {
        if C::DATAGRAMS && self.sent == 0 {
            let size = shared.message.len().min(TAG);
            shared.message[..size].copy_from_slice(&self.messages.to_le_bytes()[..size]);
        }
        while self.busy && self.sent < shared.message.len() {
            let Some(sent) = unless_blocked(self.channel.send(&shared.message[self.sent..])).during("send")? else {
                break;
            };
            self.sent += sent;
        }
        unless_blocked(self.channel.flush()).during("send")?;
        Ok(())
    }

    /// Receives once.
    pub fn receive(&mut self, shared: &mut Shared) -> Result<Received> {
        let Shared { message, buffer } = shared;
        let Some(length) = unless_blocked(self.channel.receive(buffer)).during("recv")? else {
            return Ok(Received { complete: false, empty: true });
        };
        let empty = C::SHORT_MEANS_EMPTY && length < buffer.len();
        let data = &buffer[..length];
        if length == 0 {
            return Err(Problem::new("the server closed the connection"));
        }
        if C::DATAGRAMS && !self.expects(data) {
            return Ok(Received { complete: false, empty });
        }
        if self.received + length > self.sent {
            return Err(Problem::new("the server sent more than it got"));
        }
        let untagged = if C::DATAGRAMS { TAG.min(length) } else { 0 };
        if self.messages % COMPARED == 1 && data[untagged..] != message[self.received + untagged..][..length - untagged]
        {
            return Err(Problem::new("the server sent something else than it got"));
        }
        self.received += length;
        let complete = self.received == message.len();
        self.busy &= !complete;
        if complete {
            (self.sent, self.received) = (0, 0);
        }
        Ok(Received { complete, empty })
    }

    /// Whether a datagram answers the message under way, and not one that was given up.
    fn expects(&self, datagram: &[u8]) -> bool {
        let size = datagram.len().min(TAG);
        self.busy && datagram[..size] == self.messages.to_le_bytes()[..size]
    }
}

/// None where the call would have to wait.
fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        other => other.map(Some),
    }
}
