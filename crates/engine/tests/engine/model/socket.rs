//! One source of a schedule: a pair of sockets, and what the model knows of it.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rondel_engine::{Driver, SourceKey};

use super::op::Peer;

pub struct Watched {
    key: SourceKey,
    /// None: removed and closed, or its number went to another source.
    ours: Option<UnixStream>,
    /// None: gone.
    peer: Option<UnixStream>,
    /// Keeps alive what was closed too early.
    duplicate: Option<UnixStream>,
    removed: bool,
    pub reader: Option<u64>,
    pub writer: Option<u64>,
    unread: bool,
    flooded: bool,
}

impl Watched {
    pub fn open(driver: &mut Driver<u64, u64>) -> Self {
        let (ours, peer) = UnixStream::pair().unwrap();
        Self::new(driver, ours, peer)
    }

    fn new(driver: &mut Driver<u64, u64>, ours: UnixStream, peer: UnixStream) -> Self {
        for socket in [&ours, &peer] {
            socket.set_nonblocking(true).unwrap();
        }
        Self {
            key: driver.add_source(ours.as_raw_fd()),
            ours: Some(ours),
            peer: Some(peer),
            duplicate: None,
            removed: false,
            reader: None,
            writer: None,
            unread: false,
            flooded: false,
        }
    }

    pub fn is_open(&self) -> bool {
        !self.removed
    }

    /// Whether the selector is to know it.
    pub fn is_registered(&self) -> bool {
        self.ours.is_some() && self.watchers().next().is_some()
    }

    pub fn watchers(&self) -> impl Iterator<Item = u64> + use<> {
        self.reader.into_iter().chain(self.writer)
    }

    /// Whether the selector reports it as readable, and as writable. A hang-up is both, also where nobody asked.
    pub fn reported(&self) -> (bool, bool) {
        let gone = self.peer.is_none();
        (gone || self.unread && self.reader.is_some(), gone || !self.flooded && self.writer.is_some())
    }

    /// Sets the reader or the writer. Whether that was possible.
    pub fn set(&mut self, driver: &mut Driver<u64, u64>, writer: bool, watcher: Option<u64>) -> bool {
        if self.ours.is_none() && !self.removed && watcher.is_some() {
            // The number is another source's: to ask for it again would be another story.
            return false;
        }
        let set = if writer { driver.set_writer(self.key, watcher) } else { driver.set_reader(self.key, watcher) };
        if self.removed {
            assert_eq!(set.unwrap_err().kind(), ErrorKind::NotFound);
            return false;
        }
        let place = if writer { &mut self.writer } else { &mut self.reader };
        assert_eq!(set.unwrap(), std::mem::replace(place, watcher));
        true
    }

    pub fn remove(&mut self, driver: &mut Driver<u64, u64>) {
        assert_eq!(driver.remove_source(self.key), (self.reader.take(), self.writer.take()));
        (self.removed, self.ours) = (true, None);
    }

    /// Gives the number to a new source, whose reader is `reader`.
    pub fn replace(&mut self, driver: &mut Driver<u64, u64>, reader: u64, duplicate: bool) -> Option<Self> {
        let mut number = OwnedFd::from(self.ours.take()?);
        if duplicate {
            self.duplicate = Some(number.try_clone().unwrap().into());
        }
        let (ours, peer) = UnixStream::pair().unwrap();
        rustix::io::dup2(&ours, &mut number).unwrap();
        let mut next = Self::new(driver, number.into(), peer);
        assert!(next.set(driver, false, Some(reader)));
        Some(next)
    }

    pub fn play(&mut self, action: Peer) {
        let (Some(ours), Some(peer)) = (&mut self.ours, &mut self.peer) else { return };
        match action {
            Peer::Sends => {
                // A full buffer is something to read as well.
                let _ = peer.write(&[1]);
                self.unread = true;
            }
            Peer::IsRead => {
                read_all(ours);
                self.unread = false;
            }
            Peer::IsFlooded => {
                while ours.write(&[0; 4096]).is_ok() {}
                self.flooded = true;
            }
            Peer::Reads => {
                read_all(peer);
                self.flooded = false;
            }
            Peer::Closes => self.peer = None,
        }
    }
}

fn read_all(socket: &mut UnixStream) {
    let mut buffer = [0; 8192];
    while socket.read(&mut buffer).is_ok_and(|count| count > 0) {}
}
