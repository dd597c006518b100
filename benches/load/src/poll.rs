//! Which connections are ready: epoll, edge-triggered, so that no message costs a call to it beside the wait.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::problem::{During, Result};

const BATCH: usize = 256;

/// A connection, by its number, and what it is ready for.
#[derive(Clone, Copy)]
pub struct Ready {
    /// The number it was registered with.
    pub number: usize,
    /// There may be room to send.
    pub writable: bool,
    /// There is something to receive, or an end, or an error.
    pub readable: bool,
}

/// Watches connections.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    /// Watches none yet.
    pub fn new() -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).during("epoll_create1")?;
        Ok(Self { epoll, events: vec![Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; BATCH] })
    }

    /// Tells whenever `source` becomes ready anew.
    pub fn add(&self, source: impl AsFd, number: usize) -> Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, source, EventData::new_u64(number as u64), flags).during("epoll_ctl")
    }

    /// Waits for `time` at most; milliseconds count, less is none.
    pub fn wait(&mut self, time: Duration) -> Result<impl Iterator<Item = Ready>> {
        let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let timeout = Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
        let count = match epoll::wait(&self.epoll, &mut self.events[..], Some(&timeout)) {
            Err(Errno::INTR) => 0,
            other => other.during("epoll_wait")?,
        };
        Ok(self.events[..count].iter().map(|event| {
            let Event { flags, data } = *event;
            Ready {
                number: usize::try_from(data.u64()).unwrap_or(usize::MAX),
                writable: flags.contains(EventFlags::OUT),
                readable: flags.intersects(!EventFlags::OUT),
            }
        }))
    }
}
