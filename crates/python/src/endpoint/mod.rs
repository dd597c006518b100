//! What stream and datagram transports have in common: a descriptor that the loop watches, and who is told of it.

mod methods;
mod watched;

use std::os::fd::RawFd;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use rondel_engine::SourceKey;
use rondel_net::Watermarks;

pub(crate) use self::methods::endpoint_methods;
pub use self::watched::Watched;
use crate::event_loop;
use crate::protocol::Protocol;
use crate::raw::Owned;

/// The state of it, which the GIL protects.
#[allow(clippy::struct_excessive_bools)] // asyncio's own flags: each is set and asked alone
pub struct Endpoint {
    /// None once the transport is over.
    pub fd: Option<RawFd>,
    /// Where the loop has the socket: another one's of the same number is none of ours. None for a pipe.
    entry: Option<SourceKey>,
    pub watermarks: Watermarks,
    /// Whether the descriptor is watched for readability.
    pub watching: bool,
    /// `pause_reading` was called last, not `resume_reading`.
    pub paused: bool,
    /// `close` or `abort` was called, or the transport failed.
    pub closing: bool,
    /// How many times the other end was found gone; writes add to it.
    pub lost: u32,
    pub protocol: Option<Protocol>,
    /// Protocol callbacks run in the contexts of the registrations, which copy that of the caller.
    pub read_context: Option<Owned>,
    pub write_context: Option<Owned>,
    pub event_loop: Option<Owned>,
    pub transport: Option<Owned>,
}

impl Endpoint {
    /// Errors: `TypeError` for a loop that is no `EventLoop`.
    pub fn new(
        transport: &Bound<'_, PyAny>,
        event_loop: &Bound<'_, PyAny>,
        fd: RawFd,
        protocol: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        event_loop::check(event_loop)?;
        Ok(Self {
            fd: Some(fd),
            entry: None,
            watermarks: Watermarks::default(),
            watching: false,
            paused: false,
            closing: false,
            lost: 0,
            protocol: Some(Protocol::new(protocol)?),
            read_context: None,
            write_context: None,
            event_loop: Some(event_loop.clone().into()),
            transport: Some(transport.clone().into()),
        })
    }

    /// The protocol as Python knows it.
    #[inline]
    pub fn protocol(&self) -> Option<Owned> {
        self.protocol.as_ref().map(|protocol| protocol.object().clone())
    }

    /// For the garbage collector.
    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let own = [&self.read_context, &self.write_context, &self.event_loop, &self.transport];
        own.into_iter().flatten().try_for_each(|reference| reference.visit(visit))?;
        self.protocol.as_ref().map_or(Ok(()), |protocol| protocol.visit(visit))
    }

    /// All that is held beside the protocol, to be dropped where Python code may run.
    pub fn drain(&mut self) -> impl Sized + use<> {
        self.watching = false;
        [self.read_context.take(), self.write_context.take(), self.event_loop.take(), self.transport.take()]
    }
}
