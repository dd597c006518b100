//! What the futures of one runtime share: the driver, the tasks, and the turn over them.
//!
//! One rule keeps this sound: the driver and the list of tasks are borrowed only for calls that run
//! no code of the user's. A future is polled or dropped, a waker woken or dropped, with nothing
//! borrowed, for any of these may come back here.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::Waker;

use rondel_engine::{Backend, Clock, Driver, Events, Runnable, SourceKey, Task};
use slab::Slab;

use crate::source::{self, Direction, Watcher};

/// What the driver hands out.
pub(crate) enum Item {
    /// Poll a task.
    Run(Runnable),
    /// A timer is due.
    Wake(Waker),
    /// A socket is ready.
    Ready(SourceKey, Direction),
    /// Poll the future that `run` was given.
    Root,
}

impl From<Runnable> for Item {
    fn from(runnable: Runnable) -> Self {
        Self::Run(runnable)
    }
}

/// How often a task may go on with a socket that is always ready before it gives way to the others.
const BUDGET: u32 = 128;

pub(crate) struct Shared {
    pub(crate) driver: RefCell<Driver<Item, Watcher>>,
    /// All tasks that are not finished. Dropping one cancels it.
    pub(crate) tasks: RefCell<Slab<Task<()>>>,
    /// How many futures of tasks exist: those of `tasks`, and those that are cancelled, but not
    /// dropped yet.
    pub(crate) alive: Cell<usize>,
    /// Set when the runtime ends: nothing is spawned any more.
    pub(crate) closing: Cell<bool>,
    /// Counts turns, to tell what was seen before from what was seen after a read.
    turn: Cell<u64>,
    /// What is left of `BUDGET` to the task that is polled now.
    budget: Cell<u32>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Shared>>> = const { RefCell::new(None) };
}

/// While it lives, its runtime is the current one of this thread.
pub(crate) struct Entered {
    before: Option<Rc<Shared>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let ours = CURRENT.replace(self.before.take());
        drop(ours);
    }
}

impl Shared {
    pub(crate) fn new(clock: Clock, backend: Backend) -> io::Result<Rc<Self>> {
        Ok(Rc::new(Self {
            driver: RefCell::new(Driver::new(clock, backend)?),
            tasks: RefCell::default(),
            alive: Cell::new(0),
            closing: Cell::new(false),
            turn: Cell::new(0),
            budget: Cell::new(BUDGET),
        }))
    }

    /// The runtime that runs on this thread.
    pub(crate) fn try_current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// The runtime that runs on this thread, for `caller`, which can't work without one.
    #[track_caller]
    pub(crate) fn current(caller: &str) -> Rc<Self> {
        Self::try_current().unwrap_or_else(|| {
            panic!(
                "{caller} needs a running loop: call it inside the future that rondel::run is given, \
                 as in rondel::run(async {{ ... }})"
            )
        })
    }

    pub(crate) fn enter(self: &Rc<Self>) -> Entered {
        let before = CURRENT.replace(Some(Rc::clone(self)));
        Entered { before }
    }

    /// Whether what is registered here will be heard: this runtime runs on this thread, and goes on.
    pub(crate) fn is_running(&self) -> bool {
        let current = CURRENT.with_borrow(|current| current.as_deref().map(std::ptr::from_ref));
        current == Some(std::ptr::from_ref(self)) && !self.closing.get()
    }

    /// The number of the turn that runs now.
    pub(crate) fn turn(&self) -> u64 {
        self.turn.get()
    }

    /// Takes one from the budget of the task that is polled. False: it has gone on for long enough.
    pub(crate) fn spend(&self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
    }

    /// Called before each poll of a task.
    pub(crate) fn refill_budget(&self) {
        self.budget.set(BUDGET);
    }

    /// Waits until something is ready, and gives the number of items of this turn.
    pub(crate) fn begin_turn(&self, events: &mut Events) -> io::Result<usize> {
        let wait = self.driver.borrow_mut().prepare();
        let waited = wait.as_ref().map(|wait| wait.block(events));
        self.turn.set(self.turn.get() + 1);
        let found = matches!(waited, Some(Ok(()))).then_some(&*events);
        let count = self.driver.borrow_mut().collect(found);
        waited.unwrap_or(Ok(()))?;
        Ok(count)
    }

    /// The next item of this turn.
    pub(crate) fn take(&self) -> Option<Item> {
        self.driver.borrow_mut().take()
    }

    /// Runs an item; true: it is the root's turn, which the caller knows.
    pub(crate) fn run_item(&self, item: Item) -> bool {
        match item {
            Item::Run(runnable) => {
                self.refill_budget();
                runnable.run();
            }
            Item::Wake(waker) => waker.wake(),
            Item::Ready(key, direction) => source::ready(self, key, direction),
            Item::Root => return true,
        }
        false
    }

    /// Drops all tasks, and everything else that was waiting.
    pub(crate) fn close(self: &Rc<Self>) {
        let _entered = self.enter();
        self.closing.set(true);
        let tasks = self.tasks.take();
        drop(tasks); // each is scheduled once more, for its future to be dropped here
        let mut events = Events::new();
        // Another thread may be about to bring the runnable of a task that it has just woken; only
        // this thread may drop it, so it is awaited.
        while self.alive.get() > 0 {
            let turn = self.begin_turn(&mut events);
            while let Some(item) = self.take() {
                if let Item::Run(runnable) = item {
                    drop(runnable);
                }
            }
            if turn.is_err() {
                break; // in a forked child, where no other thread is left
            }
        }
        let drained = self.driver.borrow_mut().close();
        drop(drained);
    }
}
