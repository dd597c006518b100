//! How idle connections call the reaper. This may happen on any thread.

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// One bell for each place of the list of idle connections. They are kept: a connection that becomes idle finds one.
#[derive(Debug, Default)]
pub(super) struct Bells {
    bells: RefCell<Vec<(Arc<Bell>, Waker)>>,
    board: Arc<Board>,
}

/// Where the reaper sees who has rung.
#[derive(Debug, Default)]
struct Board {
    rung: Mutex<Vec<usize>>,
    reaper: Mutex<Option<Waker>>,
}

#[derive(Debug)]
struct Bell {
    index: usize,
    /// Rung, and not seen to since.
    rung: AtomicBool,
    board: Arc<Board>,
}

impl Bells {
    /// The bell of the place at `index`, as a waker.
    pub(super) fn waker(&self, index: usize) -> Waker {
        let mut bells = self.bells.borrow_mut();
        while bells.len() <= index {
            let bell =
                Arc::new(Bell { index: bells.len(), rung: AtomicBool::new(false), board: Arc::clone(&self.board) });
            let waker = Waker::from(Arc::clone(&bell));
            bells.push((bell, waker));
        }
        bells[index].1.clone()
    }

    /// Whether it has rung, and the reaper has not yet been there.
    pub(super) fn has_rung(&self, index: usize) -> bool {
        self.bells.borrow().get(index).is_some_and(|(bell, _)| bell.rung.load(Ordering::Acquire))
    }

    /// The places whose bells have rung since the last call.
    pub(super) fn answer(&self) -> Vec<usize> {
        let rung = mem::take(&mut *lock(&self.board.rung));
        let bells = self.bells.borrow();
        for (bell, _) in rung.iter().filter_map(|index| bells.get(*index)) {
            bell.rung.store(false, Ordering::Release);
        }
        rung
    }

    /// Whom to wake from now on.
    pub(super) fn listen(&self, waker: &Waker) {
        let before = lock(&self.board.reaper).replace(waker.clone());
        drop(before); // without the lock
    }

    /// Wakes the reaper.
    pub(super) fn call(&self) {
        self.board.call();
    }
}

impl Board {
    fn call(&self) {
        let reaper = lock(&self.reaper).take();
        if let Some(reaper) = reaper {
            reaper.wake();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            lock(&self.board.rung).push(self.index);
            self.board.call();
        }
    }
}

/// Nothing panics while it holds one of the locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};
    use std::thread;

    use super::Bells;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_bell_rings_once_until_it_is_answered() {
        let (bells, count) = (Bells::default(), Arc::new(Count::default()));
        let bell = bells.waker(1);
        bells.listen(&Waker::from(Arc::clone(&count)));
        bell.wake_by_ref();
        bell.wake_by_ref();
        assert!(bells.has_rung(1) && !bells.has_rung(0));
        assert_eq!(bells.answer(), [1]);
        assert!(!bells.has_rung(1));
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        bells.listen(&Waker::from(Arc::clone(&count)));
        bell.wake();
        assert_eq!(bells.answer(), [1]);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn bells_ring_on_any_thread() {
        let bells = Bells::default();
        let threads: Vec<_> =
            (0..4).map(|index| bells.waker(index)).map(|bell| thread::spawn(|| bell.wake())).collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let mut rung = bells.answer();
        rung.sort_unstable();
        assert_eq!(rung, [0, 1, 2, 3]);
    }
}
