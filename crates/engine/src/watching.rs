//! The driver's dealings with descriptors: who waits for which, and whom an event is for.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

use rondel_sys::{Backend, Event, Events, Interest, Selector};

use crate::driver::Driver;
use crate::remote::Remote;
use crate::sources::{Source, SourceKey, Watcher, interest};

/// The waker's token: the generations of sources end before it.
const WAKER: u64 = u64::MAX;

/// After so many waits that found something, what the last one found is looked at: is it still open under its number?
/// Rare enough to cost nothing, and often enough to end a loop that spins before anybody sees it.
const LOOKS_FOR_CLOSED: u32 = 256;

impl<T, W> Driver<T, W> {
    /// Makes a name for `fd`. The system hears of it only once there is a reader or a writer.
    ///
    /// The driver never closes `fd`. Its owner calls [`remove_source`](Self::remove_source) before
    /// closing it.
    pub fn add_source(&mut self, fd: RawFd) -> SourceKey {
        self.sources.insert(fd)
    }

    /// What is queued each time the descriptor can be read; `None` stops that. Gives back what stood there.
    ///
    /// Errors: `NotFound` for a source that was removed; otherwise those of [`Selector::add`], and only where `reader`
    /// is given: nothing changed then.
    pub fn set_reader(&mut self, key: SourceKey, reader: Option<W>) -> io::Result<Option<W>> {
        self.replace_reader(key, reader.map(|item| Watcher { item, once: false }))
    }

    /// As [`set_reader`](Self::set_reader), for writing.
    pub fn set_writer(&mut self, key: SourceKey, writer: Option<W>) -> io::Result<Option<W>> {
        self.replace_writer(key, writer.map(|item| Watcher { item, once: false }))
    }

    /// What is queued when the descriptor can be read, the next time only. Gives back what stood there.
    ///
    /// To be told once at a time costs one system call a time, where setting and removing a reader costs two; and the
    /// descriptor may be closed, and its number used anew, between one time and the next.
    ///
    /// Errors: as [`set_reader`](Self::set_reader).
    pub fn set_reader_once(&mut self, key: SourceKey, reader: W) -> io::Result<Option<W>> {
        self.replace_reader(key, Some(Watcher { item: reader, once: true }))
    }

    /// As [`set_reader_once`](Self::set_reader_once), for writing.
    pub fn set_writer_once(&mut self, key: SourceKey, writer: W) -> io::Result<Option<W>> {
        self.replace_writer(key, Some(Watcher { item: writer, once: true }))
    }

    fn replace_reader(&mut self, key: SourceKey, reader: Option<Watcher<W>>) -> io::Result<Option<W>> {
        let source = self.sources.get(key).ok_or_else(gone)?;
        let wanted = interest(reader.as_ref(), source.writer.as_ref());
        self.watch(key, wanted, reader.is_some())?;
        let before = self.sources.change(key, |source| std::mem::replace(&mut source.reader, reader));
        Ok(before.flatten().map(|watcher| watcher.item))
    }

    fn replace_writer(&mut self, key: SourceKey, writer: Option<Watcher<W>>) -> io::Result<Option<W>> {
        let source = self.sources.get(key).ok_or_else(gone)?;
        let wanted = interest(source.reader.as_ref(), writer.as_ref());
        self.watch(key, wanted, writer.is_some())?;
        let before = self.sources.change(key, |source| std::mem::replace(&mut source.writer, writer));
        Ok(before.flatten().map(|watcher| watcher.item))
    }

    /// What stands for interest in reading, and in writing.
    pub fn watchers(&self, key: SourceKey) -> (Option<&W>, Option<&W>) {
        self.sources
            .get(key)
            .map_or((None, None), |source| (item(source.reader.as_ref()), item(source.writer.as_ref())))
    }

    /// Forgets a descriptor, and gives back what stood for reading and for writing. A key that was
    /// removed before gives nothing.
    pub fn remove_source(&mut self, key: SourceKey) -> (Option<W>, Option<W>) {
        self.unregister(key);
        let item = |watcher: Option<Watcher<W>>| watcher.map(|watcher| watcher.item);
        self.sources.remove(key).map_or((None, None), |source| (item(source.reader), item(source.writer)))
    }

    /// Tells the selector what somebody waits for now. `asked`: somebody asks to wait; otherwise somebody no longer
    /// does, which can't fail.
    fn watch(&mut self, key: SourceKey, wanted: Interest, asked: bool) -> io::Result<()> {
        let source = self.sources.get(key).ok_or_else(gone)?;
        if wanted.is_none() {
            self.unregister(key);
        } else if asked {
            self.register(key, source, wanted)?;
            self.sources.set_registered(key);
        } else if source.registered
            && wanted != source.interest()
            && self.selector.modify(source.fd, key.token(), wanted).is_err()
        {
            // Closed too early, and so not watched any more.
            self.sources.set_unregistered(key);
        }
        // A thread that waits with poll(2) waits with the old set.
        self.remote.wake_if_asleep();
        Ok(())
    }

    fn register(&self, key: SourceKey, source: &Source<W>, wanted: Interest) -> io::Result<()> {
        if source.registered {
            match self.selector.modify(source.fd, key.token(), wanted) {
                // Closed while it was watched, and the number serves another file now. It is asked for also where the
                // interest stays the same: that file would never be heard otherwise.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                changed => return changed,
            }
        }
        self.selector.add(source.fd, key.token(), wanted)
    }

    fn unregister(&mut self, key: SourceKey) {
        let Some(fd) = self.sources.get(key).map(|source| source.fd) else { return };
        if self.sources.set_unregistered(key) {
            // Fails if the descriptor was closed too early: the system has forgotten it then, or goes on reporting it,
            // which `collect` mends.
            let _ = self.selector.delete(fd);
        }
    }

    /// Queues what the events are for.
    pub(crate) fn collect_events(&mut self, events: &Events)
    where
        T: From<W>,
        W: Clone,
    {
        self.finds += 1;
        if self.finds == LOOKS_FOR_CLOSED {
            self.finds = 0;
            self.forget_closed(events);
        }
        let mut strays = false;
        for event in events.iter() {
            if event.token == WAKER {
                self.remote.waker().drain();
            } else if let Some(source) = self.sources.watched(SourceKey::from_token(event.token)) {
                if source.told_once() {
                    self.tell_once(event);
                    continue;
                }
                if let Some(reader) = source.reader.as_ref().filter(|_| event.readable) {
                    self.ready.push_back(reader.item.clone().into());
                }
                if let Some(writer) = source.writer.as_ref().filter(|_| event.writable) {
                    self.ready.push_back(writer.item.clone().into());
                }
            } else {
                strays = true;
            }
        }
        if strays {
            self.rebuild();
        }
    }

    /// Queues what an event of a source is for, where some of it is told once.
    fn tell_once(&mut self, event: Event)
    where
        T: From<W>,
        W: Clone,
    {
        let key = SourceKey::from_token(event.token);
        let told = self.sources.change(key, |source| {
            let reader = tell(&mut source.reader, event.readable);
            let writer = tell(&mut source.writer, event.writable);
            (reader, writer, source.fd, source.interest())
        });
        let Some((reader, writer, fd, left)) = told else { return };
        self.ready.extend(reader.into_iter().chain(writer).map(T::from));
        // The selector is silent now, or has one watcher too many.
        if !left.is_none() && self.selector.modify(fd, event.token, left).is_err() {
            // Closed too early.
            self.sources.set_unregistered(key);
        }
    }

    /// Forgets those of the sources found whose descriptor was closed while it was watched. Without a duplicate the
    /// system has done so by itself; with one it would report a file for good that its watcher can't reach any more.
    fn forget_closed(&mut self, events: &Events) {
        for event in events.iter() {
            let key = SourceKey::from_token(event.token);
            let Some(source) = self.sources.watched(key) else { continue };
            let interest = source.interest();
            // What is told once, or nobody waits for, makes no loop spin.
            let silent = interest.once || interest.is_none();
            if !silent && self.selector.modify(source.fd, event.token, interest).is_err() {
                // A stray from now on.
                self.sources.set_unregistered(key);
            }
        }
    }

    /// Replaces the selector's set by a new one.
    ///
    /// A descriptor that was closed before its removal, while a duplicate of it lives, is reported at each wait, and
    /// cannot be deregistered: its number is gone, or somebody else's. Only a set that never heard of it is silent.
    ///
    /// No thread waits in the old set: waits are followed by `collect` on the thread that runs the turns, and this is
    /// `collect`.
    fn rebuild(&mut self) {
        // Out of descriptors: the next turn tries again.
        let Ok(selector) = new_selector(self.selector.backend(), &self.remote) else {
            return;
        };
        self.selector = Arc::new(selector);
        for key in self.sources.registered().collect::<Vec<_>>() {
            let Some(source) = self.sources.get(key) else { continue };
            let interest = source.interest();
            if interest.is_none() || self.selector.add(source.fd, key.token(), interest).is_err() {
                // Nobody waits for it, or it was closed meanwhile: the old set had forgotten it, too.
                self.sources.set_unregistered(key);
            }
        }
    }
}

pub fn new_selector<T>(backend: Backend, remote: &Remote<T>) -> io::Result<Selector> {
    let selector = Selector::new(backend)?;
    selector.add(remote.waker().read_fd(), WAKER, Interest { read: true, write: false, once: false })?;
    Ok(selector)
}

/// Takes what is told once, or a clone.
fn tell<W: Clone>(place: &mut Option<Watcher<W>>, ready: bool) -> Option<W> {
    if !ready {
        return None;
    }
    match place.take_if(|watcher| watcher.once) {
        Some(watcher) => Some(watcher.item),
        None => item(place.as_ref()).cloned(),
    }
}

pub fn item<W>(watcher: Option<&Watcher<W>>) -> Option<&W> {
    watcher.map(|watcher| &watcher.item)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "this source was removed")
}
