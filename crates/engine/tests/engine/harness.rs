//! A driver of numbers, and what the tests ask of it.

use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;

use rondel_engine::{Backend, Clock, Driver, Events, SourceKey, Wait};

/// Runs each of the functions named as a test of its own on either backend.
macro_rules! on_either_backend {
    ($($name:ident),* $(,)?) => {
        #[cfg(target_os = "linux")]
        mod epoll { $(#[test] fn $name() { super::$name(rondel_engine::Backend::Epoll) })* }
        mod poll { $(#[test] fn $name() { super::$name(rondel_engine::Backend::Poll) })* }
    };
}
pub(crate) use on_either_backend;

pub struct Loop<T = u64> {
    pub driver: Driver<T, u64>,
    pub events: Events,
}

impl<T: From<u64>> Loop<T> {
    /// On a virtual clock.
    pub fn new(backend: Backend) -> Self {
        Self::with_clock(backend, Clock::new_virtual())
    }

    pub fn with_clock(backend: Backend, clock: Clock) -> Self {
        Self { driver: Driver::new(clock, backend).unwrap(), events: Events::new() }
    }

    /// One turn, up to where the items are run.
    pub fn collect(&mut self) -> usize {
        let wait = self.driver.prepare();
        self.collect_after(wait.as_ref())
    }

    pub fn collect_after(&mut self, wait: Option<&Wait>) -> usize {
        if let Some(wait) = wait {
            wait.block(&mut self.events).unwrap();
        }
        self.driver.collect(wait.map(|_| &self.events))
    }

    /// The items of one turn.
    pub fn turn(&mut self) -> Vec<T> {
        let count = self.collect();
        (0..count).map(|_| self.driver.take().unwrap()).collect()
    }

    /// A turn that must not sleep: there is an item ready, which comes first.
    pub fn turn_with(&mut self, item: u64) -> Vec<T> {
        self.driver.push(item.into());
        let wait = self.driver.prepare();
        assert!(!wait.as_ref().is_some_and(Wait::may_sleep));
        let count = self.collect_after(wait.as_ref());
        (0..count).map(|_| self.driver.take().unwrap()).collect()
    }

    /// How many events the selector reports at the moment, without any of them being handled.
    pub fn reports(&mut self) -> usize {
        self.driver.push(0.into());
        let found = match self.driver.prepare() {
            None => 0,
            Some(wait) => {
                wait.block(&mut self.events).unwrap();
                self.events.iter().count()
            }
        };
        assert!(self.driver.take().is_some());
        found
    }

    /// A source whose reader is `watcher`.
    pub fn read(&mut self, fd: &impl AsRawFd, watcher: u64) -> SourceKey {
        let key = self.driver.add_source(fd.as_raw_fd());
        assert_eq!(self.driver.set_reader(key, Some(watcher)).unwrap(), None);
        key
    }
}

pub fn readable_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    (reader, writer)
}
