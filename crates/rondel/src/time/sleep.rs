//! Waiting for time to pass.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rondel_engine::TimerKey;

use super::instant::Instant;
use crate::shared::{Item, Shared};

/// Waits for `duration`, from now on. Never shorter; and it always gives way to other tasks, even if
/// `duration` is zero.
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// use std::time::Duration;
///
/// rondel::run(async {
///     rondel::sleep(Duration::from_millis(1)).await;
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let shared = Shared::current("rondel::sleep");
    let deadline = Instant::of(&shared) + duration;
    Sleep::new(shared, deadline)
}

/// As [`sleep`], until `deadline`.
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// use std::time::Duration;
/// use rondel::{Instant, sleep_until};
///
/// rondel::run(async {
///     let start = Instant::now();
///     for tick in 1..=3 {
///         sleep_until(start + Duration::from_millis(tick)).await;
///     }
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(Shared::current("rondel::sleep_until"), deadline)
}

/// The future of [`sleep`] and [`sleep_until`]. Dropping it takes its timer back at once.
///
/// # Panics
/// When it is polled outside of the [`run`](crate::run) that it was made in.
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    shared: Rc<Shared>,
    deadline: Instant,
    timer: Option<Timer>,
}

struct Timer {
    key: TimerKey,
    /// Who is woken.
    waker: Waker,
}

impl Sleep {
    pub(crate) fn new(shared: Rc<Shared>, deadline: Instant) -> Self {
        Self { shared, deadline, timer: None }
    }

    /// When it ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    fn cancel(&mut self) {
        if let Some(timer) = self.timer.take() {
            let item = self.shared.driver.borrow_mut().cancel(timer.key);
            drop(item);
        }
    }

    fn schedule(&mut self, waker: &Waker) {
        self.cancel();
        assert!(
            self.shared.is_running(),
            "a sleep was awaited outside of the loop that it was made in, which will not wake it"
        );
        let item = Item::Wake(waker.clone());
        let key = self.shared.driver.borrow_mut().schedule(self.deadline.0, item);
        self.timer = Some(Timer { key, waker: waker.clone() });
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &self.timer {
            Some(_) if self.deadline <= Instant::of(&self.shared) => {
                self.cancel();
                return Poll::Ready(());
            }
            Some(timer) if timer.waker.will_wake(cx.waker()) => {}
            _ => self.schedule(cx.waker()),
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
