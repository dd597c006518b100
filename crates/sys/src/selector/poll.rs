//! `poll(2)`: the portable second.

use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Event, Events, Interest};

#[derive(Debug, Default)]
pub(super) struct Poll {
    /// Held for look-ups only, never while the thread waits.
    watched: Mutex<HashMap<RawFd, Watched>>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    token: u64,
    interest: Interest,
    file: FileId,
    /// Was to be reported once, and has been.
    silent: bool,
}

impl Poll {
    fn watched(&self) -> MutexGuard<'_, HashMap<RawFd, Watched>> {
        // Each change is one insertion or removal: a panic elsewhere leaves the map whole.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let file = waitable(fd)?;
        let mut watched = self.watched();
        // The number of a descriptor that was closed while it was watched may serve another file now.
        if watched.get(&fd).is_some_and(|before| before.file == file) {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        watched.insert(fd, Watched { token, interest, file, silent: false });
        Ok(())
    }

    pub(super) fn modify(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let file = waitable(fd)?;
        match self.watched().get_mut(&fd) {
            Some(entry) if entry.file == file => {
                *entry = Watched { token, interest, file, silent: false };
                Ok(())
            }
            _ => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        }
    }

    pub(super) fn delete(&self, fd: RawFd) -> io::Result<()> {
        match self.watched().remove(&fd) {
            Some(_) => Ok(()),
            None => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        }
    }

    pub(super) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let (mut fds, tokens): (Vec<libc::pollfd>, Vec<u64>) = self
            .watched()
            .iter()
            .filter(|(_, entry)| !entry.silent)
            .map(|(&fd, &Watched { token, interest, .. })| {
                let mut events = 0;
                if interest.read {
                    events |= libc::POLLIN;
                }
                if interest.write {
                    events |= libc::POLLOUT;
                }
                (libc::pollfd { fd, events, revents: 0 }, token)
            })
            .unzip();
        let ms =
            timeout.map_or(-1, |timeout| i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
        let count = libc::nfds_t::try_from(fds.len()).unwrap_or(libc::nfds_t::MAX);
        // SAFETY: the pointer and the length are those of the vector, which lives through the call.
        let found = unsafe { libc::poll(fds.as_mut_ptr(), count, ms) };
        if found < 0 {
            return Err(io::Error::last_os_error());
        }
        for (polled, token) in fds.iter().zip(tokens) {
            if polled.revents & libc::POLLNVAL != 0 {
                // Closed while it was watched: epoll drops such a descriptor by itself.
                self.watched().retain(|_, entry| entry.token != token);
            } else if polled.revents != 0 {
                if let Some(entry) = self.watched().get_mut(&polled.fd).filter(|entry| entry.token == token) {
                    entry.silent = entry.interest.once;
                }
                events.found.push(Event {
                    token,
                    readable: polled.revents & !libc::POLLOUT != 0,
                    writable: polled.revents & !libc::POLLIN != 0,
                });
            }
        }
        Ok(())
    }
}

/// Which file a descriptor stands for: device and inode. Sockets and pipes have their own; what the system keeps
/// without an inode (eventfd, timerfd) shares one.
type FileId = (libc::dev_t, libc::ino_t);

/// Asks what `epoll_ctl` would say at once: poll(2) says nothing of a bad descriptor before the wait, and takes regular
/// files and directories to be always ready.
fn waitable(fd: RawFd) -> io::Result<FileId> {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat writes a whole stat into the buffer when it gives 0, and nothing otherwise.
    let stat = unsafe {
        if libc::fstat(fd, stat.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        stat.assume_init()
    };
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR => Err(io::Error::from_raw_os_error(libc::EPERM)),
        _ => Ok((stat.st_dev, stat.st_ino)),
    }
}
