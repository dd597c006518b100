//! Starting a task.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::join::{Join, JoinError, JoinHandle, Panic};
use crate::shared::Shared;

/// Starts `future` as a task of the loop that runs on this thread. It begins in the next turn, whether
/// or not somebody awaits the handle.
///
/// A panic of the task ends the task alone; the handle gives it as [`JoinError::Panicked`].
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// rondel::run(async {
///     let task = rondel::spawn(async { panic!("no eggs") });
///     let error = task.await.unwrap_err();
///     assert_eq!(error.to_string(), "the task panicked: no eggs");
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_in(Shared::current("rondel::spawn"), future)
}

pub(crate) fn spawn_in<F>(shared: Rc<Shared>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_fallible(shared, Fallible { future })
}

/// Starts a task whose future may say itself that it did not come to its end.
pub(crate) fn spawn_fallible<F, T>(shared: Rc<Shared>, future: F) -> JoinHandle<T>
where
    F: Future<Output = Result<T, JoinError>> + 'static,
    T: 'static,
{
    let join = Join::new(shared);
    let shared = &join.shared;
    shared.alive.set(shared.alive.get() + 1);
    let body = Body { future: Some(future), join: Some(Rc::clone(&join)) };
    if shared.closing.get() {
        drop(body); // which says to the handle that it is cancelled
    } else {
        let remote = shared.driver.borrow().remote().clone();
        let task = remote.spawn_local(body);
        let place = shared.tasks.borrow_mut().insert(task);
        join.place.set(Some(place));
    }
    JoinHandle::new(join)
}

pin_project! {
    struct Fallible<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Fallible<F> {
    type Output = Result<F::Output, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx).map(Ok)
    }
}

pin_project! {
    /// The future of a task: the user's, with its panics caught, in its polls and in its drop.
    struct Body<F, T>
    where
        F: Future<Output = Result<T, JoinError>>,
    {
        #[pin]
        future: Option<F>,
        // None once the end was told.
        join: Option<Rc<Join<T>>>,
    }

    impl<F, T> PinnedDrop for Body<F, T>
    where
        F: Future<Output = Result<T, JoinError>>,
    {
        fn drop(this: Pin<&mut Self>) {
            this.end(Err(JoinError::Cancelled));
        }
    }
}

impl<F, T> Body<F, T>
where
    F: Future<Output = Result<T, JoinError>>,
{
    /// Drops the future and tells the handle how the task ended, the first time it is called.
    fn end(self: Pin<&mut Self>, result: Result<T, JoinError>) {
        let mut this = self.project();
        let Some(join) = this.join.take() else { return };
        let dropped = caught(|| this.future.set(None));
        let shared = Rc::clone(&join.shared);
        if let Some(place) = join.place.take() {
            let task = shared.tasks.borrow_mut().try_remove(place);
            drop(task); // to cancel what is over changes nothing
        }
        // A panic of a destructor outweighs a cancellation, not a result.
        let result = match (result, dropped) {
            (Err(JoinError::Cancelled), Err(panic)) => Err(JoinError::Panicked(panic)),
            (result, _) => result,
        };
        join.finish(result);
        // With the handle gone, this drops the result, which runs code of the user's.
        let _ = caught(|| drop(join));
        shared.alive.set(shared.alive.get() - 1);
    }
}

impl<F, T> Future for Body<F, T>
where
    F: Future<Output = Result<T, JoinError>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = caught(|| match self.as_mut().project().future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Ready(Err(JoinError::Cancelled)),
        });
        let result = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => Err(JoinError::Panicked(panic)),
        };
        self.end(result);
        Poll::Ready(())
    }
}

/// What is caught belongs to a task that is over, and that nobody looks into afterwards.
fn caught<R>(call: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload: Box<dyn Any + Send>| Panic::new(payload))
}
