//! Waiting for a task, and how it ended.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::shared::Shared;

/// A task that was started, and a future that gives what the task gives.
///
/// Dropping it leaves the task alone: it goes on, and what it gives is dropped (the habit of
/// `std::thread::JoinHandle`). [`cancel`](Self::cancel) ends it.
///
/// ```
/// rondel::run(async {
///     let task = rondel::spawn(async { 2 + 2 });
///     assert_eq!(task.await.unwrap(), 4);
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub struct JoinHandle<T> {
    join: Rc<Join<T>>,
}

/// What a task and its handle share.
pub(crate) struct Join<T> {
    pub(crate) shared: Rc<Shared>,
    /// The task's place in the runtime's list, until it is finished or cancelled.
    pub(crate) place: Cell<Option<usize>>,
    state: RefCell<State<T>>,
}

enum State<T> {
    /// With who waits for the end.
    Running(Option<Waker>),
    Finished(Result<T, JoinError>),
    Taken,
}

impl<T> Join<T> {
    pub(crate) fn new(shared: Rc<Shared>) -> Rc<Self> {
        Rc::new(Self { shared, place: Cell::new(None), state: RefCell::new(State::Running(None)) })
    }

    /// The task is over: keeps the result and wakes who waits for it.
    pub(crate) fn finish(&self, result: Result<T, JoinError>) {
        let before = self.state.replace(State::Finished(result));
        if let State::Running(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(join: Rc<Join<T>>) -> Self {
        Self { join }
    }

    /// Ends the task: its future is dropped in the next turn, on the loop's thread, and the handle
    /// gives [`JoinError::Cancelled`]. A task that is over stays as it is, and what it gave can still
    /// be had. For a function of [`spawn_blocking`](crate::spawn_blocking), see there.
    ///
    /// ```
    /// use rondel::{JoinError, spawn};
    ///
    /// rondel::run(async {
    ///     let task = spawn(std::future::pending::<()>());
    ///     task.cancel();
    ///     assert!(matches!(task.await, Err(JoinError::Cancelled)));
    /// })?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn cancel(&self) {
        if let Some(place) = self.join.place.take() {
            let task = self.join.shared.tasks.borrow_mut().try_remove(place);
            drop(task); // has it scheduled once more, and dropped then
        }
    }

    /// Whether the task is over, in whatever way: awaiting the handle gives its result at once.
    ///
    /// ```
    /// rondel::run(async {
    ///     let task = rondel::spawn(async {});
    ///     assert!(!task.is_finished());
    ///     rondel::yield_now().await;
    ///     assert!(task.is_finished());
    /// })?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn is_finished(&self) -> bool {
        !matches!(*self.join.state.borrow(), State::Running(_))
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    /// If it has given the result before.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let next = if self.is_finished() { State::Taken } else { State::Running(Some(cx.waker().clone())) };
        match self.join.state.replace(next) {
            State::Running(_waker) => Poll::Pending,
            State::Finished(result) => Poll::Ready(result),
            State::Taken => panic!("a JoinHandle was polled after it gave its result"),
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        // Who waited here does so no more; a result is left to the last owner.
        if !self.is_finished() {
            let before = self.join.state.replace(State::Running(None));
            drop(before);
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// Why a task gave no result.
#[derive(Debug)]
pub enum JoinError {
    /// It was [cancelled](JoinHandle::cancel), or its runtime ended.
    Cancelled,
    /// It panicked.
    Panicked(Panic),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the task was cancelled"),
            Self::Panicked(panic) => write!(f, "the task panicked: {}", panic.message()),
        }
    }
}

impl Error for JoinError {}

/// What a task panicked with.
pub struct Panic {
    message: String,
    /// In a lock only to be `Sync`, as errors should be.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self { message: message.unwrap_or("with a value that is no text").to_owned(), payload: Mutex::new(payload) }
    }

    /// The text that `panic!` was given.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The value itself, say for `std::panic::resume_unwind`.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message).finish()
    }
}
