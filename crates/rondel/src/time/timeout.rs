//! Waiting, but not for ever.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::instant::Instant;
use super::sleep::{Sleep, sleep, sleep_until};

/// Waits for `future` for at most `duration`, and drops it then. If both are over in the same turn,
/// the result wins.
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// use std::time::Duration;
///
/// rondel::run(async {
///     let slow = std::future::pending::<()>();
///     let error = rondel::timeout(Duration::from_millis(2), slow).await.unwrap_err();
///     assert_eq!(error.to_string(), "timed out");
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout { future, sleep: sleep(duration) }
}

/// As [`timeout`], until `deadline`: for several steps that share one limit.
///
/// # Panics
/// Outside of [`run`](crate::run).
///
/// ```
/// use std::time::Duration;
/// use rondel::{Instant, sleep, timeout_at};
///
/// rondel::run(async {
///     let deadline = Instant::now() + Duration::from_millis(5);
///     let mut steps = 0;
///     while timeout_at(deadline, sleep(Duration::from_millis(2))).await.is_ok() {
///         steps += 1;
///     }
///     assert!(steps <= 2);
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout { future, sleep: sleep_until(deadline) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        sleep: Sleep,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(this.sleep).poll(cx).map(|()| Err(Elapsed(())))
    }
}

/// The time of a [`timeout`] was over before its future was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("timed out")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    /// An error of the kind `TimedOut`.
    fn from(elapsed: Elapsed) -> Self {
        Self::new(io::ErrorKind::TimedOut, elapsed)
    }
}
