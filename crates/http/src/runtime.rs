//! What the client needs of whoever runs it.
//!
//! Everything here happens on one thread, and nothing need be `Send`: the embedder polls the client's futures where it
//! runs its loop. The only thing that may come from elsewhere is a [`Waker`](std::task::Waker)'s call.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use rondel_engine::Nanos;

/// A future that nobody awaits.
pub type Background = Pin<Box<dyn Future<Output = ()>>>;

/// The loop that the client lives in.
pub trait Runtime: Clone + Unpin + 'static {
    /// A descriptor that the loop watches.
    type Source: Source;
    /// Ends when the time has come. Dropped, it leaves nothing behind.
    type Sleep: Future<Output = ()> + Unpin;
    /// A name being looked up.
    type Lookup: Future<Output = io::Result<Vec<SocketAddr>>>;

    /// Watches `fd`, which belongs to the caller and outlives what is returned.
    fn watch(&self, fd: RawFd) -> Self::Source;

    /// The time on the loop's clock, in nanoseconds.
    fn now(&self) -> Nanos;

    /// Counts the loop's turns: what is woken in one, by what it has run itself, runs in this one or the next.
    fn turn(&self) -> u64;

    /// Ends at `at` or just after it, never before.
    fn sleep_until(&self, at: Nanos) -> Self::Sleep;

    /// Looks `host` up, as `getaddrinfo(3)` does: addresses of `family`, with `port`, best first.
    ///
    /// Errors: those of `getaddrinfo`, in the words of the system.
    fn lookup(&self, host: &str, port: u16, family: Family) -> Self::Lookup;

    /// Runs `task` beside what runs now, until it ends or the loop is closed.
    fn spawn(&self, task: Background);

    /// A number that nobody can guess, for jitter and the like: uniform over all `u64`.
    fn random(&self) -> u64;
}

/// One watched descriptor. Dropping it ends the watching.
pub trait Source: Unpin + 'static {
    /// Ready if the descriptor may be ready: tried without success since, or never tried. The waker of the last caller
    /// of each direction is woken when it is.
    ///
    /// Errors: the descriptor can't be watched, or the loop is closed.
    fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<()>>;

    /// The last attempt in `direction` has shown that the descriptor is not ready any more.
    fn clear(&self, direction: Direction);
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To us.
    Read,
    /// From us.
    Write,
}

/// Which addresses a name may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// `AF_INET`.
    V4,
    /// `AF_INET6`.
    V6,
}
