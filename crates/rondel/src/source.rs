//! A socket's readiness, as futures.
//!
//! Interest stays registered with the selector from one message to the next, so that a message costs
//! no call to change it. Only an event that nobody waits for takes it away: the selector is
//! level-triggered, and would go on reporting.
//!
//! Each direction remembers whether the socket may be ready. At first it may; a read or write that
//! shows the contrary clears that, and the next one waits for an event without trying in vain.

mod ready;
mod side;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use ready::Ready;
use rondel_engine::SourceKey;
use side::Side;

use crate::shared::{Item, Shared};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// A descriptor that the driver watches, until this is dropped. It is to be dropped before the
/// descriptor is closed: a field of this type stands before the one that owns it.
pub(crate) struct Source {
    shared: Rc<Shared>,
    state: Rc<State>,
}

pub(crate) struct State {
    key: SourceKey,
    read: Side,
    write: Side,
}

/// Stands for interest in one direction, inside the driver.
#[derive(Clone)]
pub(crate) struct Watcher {
    state: Rc<State>,
    direction: Direction,
}

impl From<Watcher> for Item {
    fn from(watcher: Watcher) -> Self {
        Self::Ready(watcher.state.key, watcher.direction)
    }
}

impl Source {
    pub(crate) fn new(shared: Rc<Shared>, fd: RawFd) -> Self {
        let key = shared.driver.borrow_mut().add_source(fd);
        let state = Rc::new(State { key, read: Side::new(), write: Side::new() });
        Self { shared, state }
    }

    pub(crate) fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    /// Does `attempt` as soon as it need not block.
    pub(crate) async fn attempt<T>(
        &self,
        direction: Direction,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            self.ready(direction).await?;
            match attempt() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.clear(direction),
                done => return done,
            }
        }
    }

    /// As [`attempt`](Self::attempt), for poll functions: only the last caller of a direction is woken.
    pub(crate) fn poll_attempt<T>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(self.poll_ready(cx, direction))?;
            match attempt() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.clear(direction),
                done => return Poll::Ready(done),
            }
        }
    }

    /// Ready if `direction` may be ready: only the last caller of a direction is woken.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<()>> {
        let side = self.state.side(direction);
        if !side.maybe_ready() {
            side.wait_polled(cx.waker().clone());
            return match self.arm(direction) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            };
        }
        if !self.shared.spend() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until `direction` may be ready.
    pub(crate) fn ready(&self, direction: Direction) -> Ready<'_> {
        Ready::new(self, direction)
    }

    /// A read or write has shown that the socket is not ready (any more).
    pub(crate) fn clear(&self, direction: Direction) {
        self.state.side(direction).clear(self.shared.turn());
    }

    /// Sees to it that the driver watches `direction`.
    ///
    /// Errors: there is no loop that would tell of it; or those of the selector.
    fn arm(&self, direction: Direction) -> io::Result<()> {
        if !self.shared.is_running() {
            return Err(io::Error::other(
                "this socket belongs to another runtime than the one that runs now: use it inside of \
                 the run that it was made in",
            ));
        }
        let mut driver = self.shared.driver.borrow_mut();
        let (reader, writer) = driver.watchers(self.state.key);
        let armed = match direction {
            Direction::Read => reader.is_some(),
            Direction::Write => writer.is_some(),
        };
        if armed {
            return Ok(());
        }
        let watcher = Some(Watcher { state: Rc::clone(&self.state), direction });
        match direction {
            Direction::Read => driver.set_reader(self.state.key, watcher)?,
            Direction::Write => driver.set_writer(self.state.key, watcher)?,
        };
        Ok(())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let key = self.state.key;
        let watchers = self.shared.driver.borrow_mut().remove_source(key);
        drop(watchers);
    }
}

impl State {
    fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }
}

/// The driver has seen a direction of a source ready.
pub(crate) fn ready(shared: &Shared, key: SourceKey, direction: Direction) {
    let Some(state) = watched(shared, key, direction) else {
        return; // removed since, by an earlier item of this turn
    };
    let side = state.side(direction);
    if side.set_ready(shared.turn()) && !side.wake() {
        let mut driver = shared.driver.borrow_mut();
        let disarmed = match direction {
            Direction::Read => driver.set_reader(key, None),
            Direction::Write => driver.set_writer(key, None),
        };
        // It fails only if the user closed the descriptor behind our back; then no event comes either.
        drop(driver);
        drop(disarmed);
    }
}

fn watched(shared: &Shared, key: SourceKey, direction: Direction) -> Option<Rc<State>> {
    let driver = shared.driver.borrow();
    let (reader, writer) = driver.watchers(key);
    let watcher = match direction {
        Direction::Read => reader,
        Direction::Write => writer,
    };
    watcher.map(|watcher| Rc::clone(&watcher.state))
}
