//! Making a runtime, and running a future on it.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use rondel_engine::{Backend, Clock, Events, Remote};

use crate::join::JoinHandle;
use crate::shared::{Item, Shared};
use crate::task::spawn_in;

/// Runs `future` to its end on this thread, on a new [`Runtime`], and gives what it gives. Tasks that
/// are left then are dropped.
///
/// A panic of `future` goes on through `run`.
///
/// Errors: called inside of `run` (await the future instead, or [`spawn`](crate::spawn) it); out of
/// descriptors; an unknown name in the environment variable `RONDEL_SELECTOR`.
///
/// ```
/// assert_eq!(rondel::run(async { 6 * 7 })?, 42);
/// # std::io::Result::Ok(())
/// ```
pub fn run<F: Future>(future: F) -> io::Result<F::Output> {
    if Shared::try_current().is_some() {
        return Err(nested());
    }
    Builder::new().build()?.run(future)
}

fn nested() -> io::Error {
    io::Error::other(
        "a loop is running on this thread already: await the future, or give it to rondel::spawn, \
         instead of running a second loop inside of the first",
    )
}

/// Makes a [`Runtime`] that differs from the one of [`run`].
///
/// ```
/// use std::time::Duration;
/// use rondel::{Builder, Clock};
///
/// // An hour passes at once.
/// let runtime = Builder::new().clock(Clock::new_virtual()).build()?;
/// runtime.run(rondel_hour())?;
///
/// async fn rondel_hour() {
///     rondel::sleep(Duration::from_secs(3600)).await;
/// }
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    clock: Clock,
    selector: Option<Backend>,
}

impl Builder {
    /// The real clock, and the selector that `RONDEL_SELECTOR` names, or the platform's best.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which clock timers go by. On a [virtual](Clock::new_virtual) one, time stands still while a
    /// task can go on, and jumps to the next timer when none can: for tests that are over at once. It
    /// does not wait for sockets and threads while a timer is set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Which system interface waits for sockets, whatever `RONDEL_SELECTOR` says.
    pub fn selector(mut self, selector: Backend) -> Self {
        self.selector = Some(selector);
        self
    }

    /// Errors: out of descriptors; an unknown name in `RONDEL_SELECTOR`, or a selector that this
    /// platform lacks.
    pub fn build(self) -> io::Result<Runtime> {
        let backend = self.selector.map_or_else(Backend::from_env, Ok)?;
        let shared = Shared::new(self.clock, backend)?;
        Ok(Runtime { shared })
    }
}

/// A loop for one thread, with its tasks, timers and sockets.
///
/// It stands still outside of [`run`](Self::run). Dropping it drops all its tasks.
pub struct Runtime {
    shared: Rc<Shared>,
}

impl Runtime {
    /// Starts `future` as a task, as [`spawn`](crate::spawn) does from inside. It begins in the next
    /// [`run`](Self::run).
    ///
    /// ```
    /// let runtime = rondel::Builder::new().build()?;
    /// let task = runtime.spawn(async { 1 });
    /// assert_eq!(runtime.run(task)?.unwrap(), 1);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_in(Rc::clone(&self.shared), future)
    }

    /// Runs `future` to its end, and gives what it gives. Tasks that are left then stand still until
    /// the next call.
    ///
    /// A panic of `future` goes on through this call.
    ///
    /// Errors: called inside of a loop that runs on this thread; called in a forked child, while the
    /// runtime belongs to the parent.
    ///
    /// ```
    /// let runtime = rondel::Builder::new().build()?;
    /// assert_eq!(runtime.run(async { 1 })? + runtime.run(async { 2 })?, 3);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn run<F: Future>(&self, future: F) -> io::Result<F::Output> {
        if Shared::try_current().is_some() {
            return Err(nested());
        }
        let shared = &self.shared;
        let _entered = shared.enter();
        let mut future = pin!(future);
        let root = Arc::new(Root { remote: shared.driver.borrow().remote().clone(), queued: AtomicBool::new(false) });
        root.wake_by_ref();
        let waker = Waker::from(Arc::clone(&root));
        let mut context = Context::from_waker(&waker);
        let mut events = Events::new();
        loop {
            let count = shared.begin_turn(&mut events)?;
            for _ in 0..count {
                let Some(item) = shared.take() else { break };
                if shared.run_item(item) && root.queued.swap(false, Ordering::AcqRel) {
                    shared.refill_budget();
                    if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                        return Ok(output);
                    }
                }
            }
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("tasks", &self.shared.alive.get()).finish_non_exhaustive()
    }
}

/// Wakes the future that `run` was given.
struct Root {
    remote: Remote<Item>,
    /// Whether an item of ours is under way.
    queued: AtomicBool,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            // Refused only when the runtime has ended, and the future with it.
            let _ = self.remote.push(Item::Root);
        }
    }
}
