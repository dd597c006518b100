//! Waiting until a descriptor can be read or written.
//!
//! What every backend promises:
//! - **Level-triggered.** A descriptor is reported at each wait for as long as it is ready and somebody is interested,
//!   so a reader may take less than there is.
//! - **Tokens, not descriptors.** An event carries the `u64` given at registration. The caller makes tokens that are
//!   never used twice, and so knows a late event for what it is.
//! - **Once, where asked for.** A descriptor that is watched with [`Interest::once`] is reported once, and then no more,
//!   not even for a hang-up, until it is modified.
//! - **No interest, no event.** `delete` what nobody waits for: with an empty interest epoll would still report
//!   `EPOLLHUP` at each wait.
//! - **An error or a hang-up is readiness** in both directions: the read or write that follows says what happened.
//! - **`wait` needs `&self` only**, and so do changes. A change made by another thread counts from the next wait on
//!   (epoll: at once); who needs it at once wakes the waiting thread.
//! - **The caller owns the descriptors.** A selector never closes one, and should hear of a close before it happens.
//!   One that was closed while it was registered drops out by itself, and whoever gets its number next can be added,
//!   with two exceptions: while a duplicate of it lives, epoll goes on reporting its token, and only a new set helps;
//!   and if the number serves another file before the next wait, poll reports that file, under the old token.
//! - **In a forked child** the set still belongs to the parent: changes there do nothing, and `wait` fails.
//!
//! Backends: `epoll` (Linux), `poll` (every Unix, the default elsewhere, and on Linux with `RONDEL_SELECTOR=poll`). A
//! kqueue backend fits the same contract: level-triggered without `EV_CLEAR`, `EV_DISPATCH` for once, the token in
//! `udata`, one kevent a direction; it comes with a machine to test it on.

#[cfg(target_os = "linux")]
mod epoll;
mod poll;

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use crate::fork;

/// Which directions of a descriptor somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Wait until a read would not block.
    pub read: bool,
    /// Wait until a write would not block.
    pub write: bool,
    /// Report one event, and be silent then until the next `modify`.
    pub once: bool,
}

impl Interest {
    /// Whether nobody waits for anything.
    pub fn is_none(self) -> bool {
        !self.read && !self.write
    }
}

/// A descriptor is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// As given to [`Selector::add`].
    pub token: u64,
    /// A read would not block (data, end of file, or an error to fetch).
    pub readable: bool,
    /// A write would not block (room, or an error to fetch).
    pub writable: bool,
}

/// Where [`Selector::wait`] puts what it found; made once, used for each wait.
#[derive(Debug)]
pub struct Events {
    #[cfg(target_os = "linux")]
    raw: Vec<libc::epoll_event>,
    found: Vec<Event>,
}

impl Events {
    /// The most that one wait of the epoll backend reports; what does not fit comes with the next.
    const CAPACITY: usize = 1024;

    /// Empty, with room for one wait.
    pub fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            raw: Vec::with_capacity(Self::CAPACITY),
            found: Vec::with_capacity(Self::CAPACITY),
        }
    }

    /// What the last wait found.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.found.iter().copied()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

/// Which system interface waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `epoll(7)`. Linux only.
    Epoll,
    /// `poll(2)`. Cost grows with the number of descriptors.
    Poll,
}

impl Backend {
    /// What the environment variable `RONDEL_SELECTOR` asks for (`epoll`, `poll`), otherwise the
    /// platform's best.
    ///
    /// Errors: the variable names something else, or a backend that this platform lacks.
    pub fn from_env() -> io::Result<Self> {
        let best = if cfg!(target_os = "linux") { Self::Epoll } else { Self::Poll };
        match std::env::var_os("RONDEL_SELECTOR") {
            None => Ok(best),
            Some(name) if name.is_empty() => Ok(best),
            Some(name) if name == "poll" => Ok(Self::Poll),
            Some(name) if name == "epoll" && cfg!(target_os = "linux") => Ok(Self::Epoll),
            Some(name) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "RONDEL_SELECTOR={} names no selector of this platform; it has: {}",
                    name.display(),
                    if cfg!(target_os = "linux") { "epoll, poll" } else { "poll" },
                ),
            )),
        }
    }

    /// The name that `RONDEL_SELECTOR` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::Poll => "poll",
        }
    }
}

/// One set of watched descriptors. See the module for what it promises.
#[derive(Debug)]
pub struct Selector {
    imp: Imp,
    made_in: u32,
}

#[derive(Debug)]
enum Imp {
    #[cfg(target_os = "linux")]
    Epoll(epoll::Epoll),
    Poll(poll::Poll),
}

impl Selector {
    /// Errors: out of descriptors, or a backend that this platform lacks.
    pub fn new(backend: Backend) -> io::Result<Self> {
        let imp = match backend {
            #[cfg(target_os = "linux")]
            Backend::Epoll => Imp::Epoll(epoll::Epoll::new()?),
            #[cfg(not(target_os = "linux"))]
            Backend::Epoll => return Err(io::ErrorKind::Unsupported.into()),
            Backend::Poll => Imp::Poll(poll::Poll::default()),
        };
        Ok(Self { imp, made_in: fork::generation() })
    }

    /// Which interface this one uses.
    pub fn backend(&self) -> Backend {
        match self.imp {
            #[cfg(target_os = "linux")]
            Imp::Epoll(_) => Backend::Epoll,
            Imp::Poll(_) => Backend::Poll,
        }
    }

    /// Whether this set belongs to a parent process, of which this one is a fork.
    pub fn is_foreign(&self) -> bool {
        self.made_in != fork::generation()
    }

    /// Starts watching `fd`, under `token`.
    ///
    /// Errors: `EEXIST` if the descriptor is watched already, `EPERM` if it can't be waited for (a
    /// regular file), `EBADF`, `ENOSPC` (`/proc/sys/fs/epoll/max_user_watches`).
    pub fn add(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        if self.is_foreign() {
            return Ok(());
        }
        match &self.imp {
            #[cfg(target_os = "linux")]
            Imp::Epoll(epoll) => epoll.add(fd, token, interest),
            Imp::Poll(poll) => poll.add(fd, token, interest),
        }
    }

    /// Changes what a watched `fd` is watched for.
    ///
    /// Errors: `ENOENT` if it is not watched (it was closed meanwhile), `EBADF`.
    pub fn modify(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        if self.is_foreign() {
            return Ok(());
        }
        match &self.imp {
            #[cfg(target_os = "linux")]
            Imp::Epoll(epoll) => epoll.modify(fd, token, interest),
            Imp::Poll(poll) => poll.modify(fd, token, interest),
        }
    }

    /// Stops watching `fd`.
    ///
    /// Errors: `ENOENT` or `EBADF` if it was closed meanwhile.
    pub fn delete(&self, fd: RawFd) -> io::Result<()> {
        if self.is_foreign() {
            return Ok(());
        }
        match &self.imp {
            #[cfg(target_os = "linux")]
            Imp::Epoll(epoll) => epoll.delete(fd),
            Imp::Poll(poll) => poll.delete(fd),
        }
    }

    /// Waits until a watched descriptor is ready, a signal arrives, or `timeout` is over (never early, but no later than
    /// in 24 days where the system counts in milliseconds; `None`: no end). What was found replaces the contents of
    /// `events`; a signal finds nothing.
    ///
    /// Errors: in a forked child, whose parent owns this set.
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.found.clear();
        if self.is_foreign() {
            return Err(io::Error::other(
                "this event loop belongs to the parent process; after a fork, make a new one",
            ));
        }
        let waited = match &self.imp {
            #[cfg(target_os = "linux")]
            Imp::Epoll(epoll) => epoll.wait(events, timeout),
            Imp::Poll(poll) => poll.wait(events, timeout),
        };
        match waited {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => other,
        }
    }
}
