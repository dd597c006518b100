//! One source of a schedule: a pair of sockets, and what the model knows of it.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rondel_engine::{Driver, SourceKey};

use super::op::{Peer, Wanted};

#[allow(clippy::struct_excessive_bools)] // facts that do not depend on each other
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
    /// Whether the reader, and the writer, are told once.
    once: [bool; 2],
    /// Was reported to one who is told once, and not asked for since.
    silent: bool,
    /// Was asked for anew, once, after a wait had found it, and told of what that wait found: the selector reports that
    /// there could be reading, and writing, once more, though nobody waits for it.
    echo: (bool, bool),
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
            once: [false; 2],
            silent: false,
            echo: (false, false),
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

    /// Whether one of the watchers is told once; and whether all of them are.
    fn told_once(&self) -> (bool, bool) {
        let [reader, writer] = [self.reader.map(|_| self.once[0]), self.writer.map(|_| self.once[1])];
        let mut told = reader.iter().chain(&writer);
        (told.clone().any(|&once| once), self.watchers().next().is_some() && told.all(|&once| once))
    }

    /// A wait has reported it.
    pub fn was_reported(&mut self) {
        self.silent = self.told_once().1;
        self.echo = (false, false);
    }

    /// Whom an event of the source is for.
    pub fn tell(&mut self, readable: bool, writable: bool) -> Vec<u64> {
        let told = self.reader.filter(|_| readable).into_iter().chain(self.writer.filter(|_| writable)).collect();
        if self.told_once().0 {
            let asked = (self.reader.is_some(), self.writer.is_some());
            self.reader.take_if(|_| readable && self.once[0]);
            self.writer.take_if(|_| writable && self.once[1]);
            let nobody = self.watchers().next().is_none();
            if nobody && !self.silent {
                self.echo = asked;
            }
            self.silent &= nobody;
        }
        told
    }

    /// Whether the selector reports it as readable, and as writable. A hang-up is both, also where nobody asked.
    pub fn reported(&self) -> (bool, bool) {
        if self.silent || self.ours.is_none() {
            return (false, false);
        }
        let (reader, writer) = (self.reader.is_some() || self.echo.0, self.writer.is_some() || self.echo.1);
        let gone = (reader || writer) && self.peer.is_none();
        (gone || self.unread && reader, gone || !self.flooded && writer)
    }

    /// Sets the reader or the writer. Whether that was possible.
    pub fn set(&mut self, driver: &mut Driver<u64, u64>, writer: bool, wanted: Wanted, watcher: u64) -> bool {
        let once = wanted == Wanted::Once;
        let watcher = (wanted != Wanted::Never).then_some(watcher);
        if self.ours.is_none() && !self.removed && watcher.is_some() {
            // The number is another source's: to ask for it again would be another story.
            return false;
        }
        let set = match (writer, watcher) {
            (false, Some(watcher)) if once => driver.set_reader_once(self.key, watcher),
            (true, Some(watcher)) if once => driver.set_writer_once(self.key, watcher),
            (false, _) => driver.set_reader(self.key, watcher),
            (true, _) => driver.set_writer(self.key, watcher),
        };
        if self.removed {
            assert_eq!(set.unwrap_err().kind(), ErrorKind::NotFound);
            return false;
        }
        let place = if writer { &mut self.writer } else { &mut self.reader };
        let before = std::mem::replace(place, watcher);
        assert_eq!(set.unwrap(), before);
        if watcher.is_some() {
            self.once[usize::from(writer)] = once;
        }
        // Asked for anew, or out of the selector's set.
        self.echo = (false, false);
        // To give up what nobody asked for changes nothing.
        self.silent &= watcher.or(before).is_none();
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
        assert!(next.set(driver, false, Wanted::Always, reader));
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
