//! The client on this runtime.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::RawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use rondel_engine::Nanos;
use rondel_http::{Background, Direction, Family, Runtime};

use crate::blocking::spawn_blocking;
use crate::shared::Shared;
use crate::source;
use crate::time::{Instant, Sleep};

/// The runtime that runs on this thread.
#[derive(Clone)]
pub struct Here {
    shared: Rc<Shared>,
    random: Rc<RefCell<fastrand::Rng>>,
}

impl Here {
    /// # Panics
    /// Outside of [`run`](crate::run).
    #[track_caller]
    pub fn current() -> Self {
        Self { shared: Shared::current("rondel::http"), random: Rc::default() }
    }
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").finish_non_exhaustive()
    }
}

/// A descriptor that the runtime watches.
pub struct Watched(source::Source);

impl rondel_http::Source for Watched {
    fn poll_ready(&self, cx: &mut Context<'_>, direction: Direction) -> Poll<io::Result<()>> {
        self.0.poll_ready(cx, translate(direction))
    }

    fn clear(&self, direction: Direction) {
        self.0.clear(translate(direction));
    }
}

fn translate(direction: Direction) -> source::Direction {
    match direction {
        Direction::Read => source::Direction::Read,
        Direction::Write => source::Direction::Write,
    }
}

impl Runtime for Here {
    type Source = Watched;
    type Sleep = Sleep;
    type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>>;

    fn watch(&self, fd: RawFd) -> Watched {
        Watched(source::Source::new(Rc::clone(&self.shared), fd))
    }

    fn now(&self) -> Nanos {
        self.shared.driver.borrow().now()
    }

    fn turn(&self) -> u64 {
        self.shared.turn()
    }

    fn sleep_until(&self, at: Nanos) -> Sleep {
        Sleep::new(Rc::clone(&self.shared), Instant::at(at))
    }

    fn lookup(&self, host: &str, port: u16, family: Family) -> Self::Lookup {
        let host = host.to_owned();
        Box::pin(async move {
            let looked_up = spawn_blocking(move || (host.as_str(), port).to_socket_addrs()).await;
            let addresses = looked_up.map_err(io::Error::other)??;
            Ok(addresses
                .filter(|address| match family {
                    Family::Any => true,
                    Family::V4 => address.is_ipv4(),
                    Family::V6 => address.is_ipv6(),
                })
                .collect())
        })
    }

    fn spawn(&self, task: Background) {
        drop(crate::task::spawn_in(Rc::clone(&self.shared), task));
    }

    fn random(&self) -> u64 {
        self.random.borrow_mut().u64(..)
    }
}
