//! Connecting to whichever address answers first (RFC 8305, "happy eyeballs").

mod order;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rondel_engine::Nanos;
use rondel_net::{Connect, Connected, Stream};

use crate::runtime::{Direction, Runtime, Source};

pub(super) use order::{interleave, next_round};

/// No address took the connection.
#[derive(Debug)]
pub struct ConnectFailed {
    /// Each that was tried, and what the system said; in the order in which they failed.
    pub attempts: Vec<(SocketAddr, io::Error)>,
}

impl fmt::Display for ConnectFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempts.is_empty() {
            return f.write_str("no address to connect to");
        }
        for (index, (address, error)) in self.attempts.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{address}: {error}")?;
        }
        Ok(())
    }
}

impl StdError for ConnectFailed {
    /// The last attempt's error.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.attempts.last().map(|(_, error)| error as &(dyn StdError + 'static))
    }
}

/// Attempts side by side.
struct Race<'a, R: Runtime, A> {
    runtime: &'a R,
    /// Whose turn has not come.
    peers: &'a [SocketAddr],
    delay: Option<Nanos>,
    attempts: Vec<(SocketAddr, A)>,
    failed: Vec<(SocketAddr, io::Error)>,
    /// Until the next one begins.
    timer: Option<R::Sleep>,
}

/// What the first of the attempts gives that succeeds; the others are dropped. They begin in the order of `peers`: the next
/// one as soon as the one before has failed, or has not succeeded for `delay`; none: only when it has failed.
pub(super) async fn race<R, A, T>(
    runtime: &R,
    peers: &[SocketAddr],
    delay: Option<Nanos>,
    mut begin: impl FnMut(&SocketAddr) -> io::Result<A>,
) -> Result<T, ConnectFailed>
where
    R: Runtime,
    A: Future<Output = io::Result<T>> + Unpin,
{
    let mut race = Race { runtime, peers, delay, attempts: Vec::new(), failed: Vec::new(), timer: None };
    let winner = poll_fn(|cx| race.poll(cx, &mut begin)).await;
    winner.ok_or(ConnectFailed { attempts: race.failed })
}

impl<R: Runtime, A> Race<'_, R, A> {
    /// `None`: all have failed.
    fn poll<T>(&mut self, cx: &mut Context<'_>, begin: &mut impl FnMut(&SocketAddr) -> io::Result<A>) -> Poll<Option<T>>
    where
        A: Future<Output = io::Result<T>> + Unpin,
    {
        loop {
            let (winner, latest_failed) = self.poll_attempts(cx);
            if winner.is_some() {
                self.attempts.clear();
                return Poll::Ready(winner);
            }
            let Some((peer, later)) = self.peers.split_first() else {
                return if self.attempts.is_empty() { Poll::Ready(None) } else { Poll::Pending };
            };
            let due = self.timer.as_mut().is_some_and(|timer| Pin::new(timer).poll(cx).is_ready());
            if !(due || latest_failed || self.attempts.is_empty()) {
                return Poll::Pending;
            }
            self.peers = later;
            self.timer = None;
            match begin(peer) {
                Ok(attempt) => {
                    self.attempts.push((*peer, attempt));
                    if let Some(delay) = self.delay.filter(|_| !later.is_empty()) {
                        self.timer = Some(self.runtime.sleep_until(self.runtime.now().saturating_add(delay)));
                    }
                }
                Err(error) => self.failed.push((*peer, error)),
            }
        }
    }

    /// The attempt that has succeeded, if one has, and whether the one that began last has failed.
    fn poll_attempts<T>(&mut self, cx: &mut Context<'_>) -> (Option<T>, bool)
    where
        A: Future<Output = io::Result<T>> + Unpin,
    {
        let mut latest_failed = false;
        let mut index = 0;
        while let Some((peer, attempt)) = self.attempts.get_mut(index) {
            match Pin::new(attempt).poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(Ok(connected)) => return (Some(connected), false),
                Poll::Ready(Err(error)) => {
                    self.failed.push((*peer, error));
                    self.attempts.remove(index);
                    latest_failed = index == self.attempts.len();
                }
            }
        }
        (None, latest_failed)
    }
}

/// One connection on its way.
pub(super) struct Attempt<R: Runtime> {
    source: R::Source, // before what owns the descriptor
    connect: Option<Connect>,
}

impl<R: Runtime> Attempt<R> {
    pub(super) fn new(runtime: &R, connect: Connect) -> Self {
        Self { source: runtime.watch(connect.as_raw_fd()), connect: Some(connect) }
    }
}

impl<R: Runtime> Future for Attempt<R> {
    type Output = io::Result<Stream>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let this = self.get_mut();
        loop {
            ready!(this.source.poll_ready(cx, Direction::Write))?;
            let Some(connect) = this.connect.take() else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            match connect.finish()? {
                Connected::Yes(stream) => return Poll::Ready(Ok(stream)),
                Connected::NotYet(connect) => {
                    this.connect = Some(connect);
                    this.source.clear(Direction::Write);
                }
            }
        }
    }
}
