//! Waiting for all.

use std::future::Future;

use futures_util::future;

/// Runs all `futures` together, in the task that awaits this, and gives what they give, in their
/// order. Futures of different types go in as `Box::pin(...)`, or as the handles of tasks.
///
/// A panic of one is a panic of the awaiting task. Dropping this drops them all.
///
/// ```
/// use std::time::Duration;
/// use rondel::{gather, sleep};
///
/// rondel::run(async {
///     let squares = gather((1..=3).map(async |n: u64| {
///         sleep(Duration::from_millis(4 - n)).await;
///         n * n
///     }));
///     assert_eq!(squares.await, [1, 4, 9]);
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub fn gather<I>(futures: I) -> impl Future<Output = Vec<<I::Item as Future>::Output>>
where
    I: IntoIterator,
    I::Item: Future,
{
    future::join_all(futures)
}

/// As [`gather`], for futures that can fail: the first error ends it, and the other futures are
/// dropped.
///
/// ```
/// use std::time::Duration;
/// use rondel::{sleep, try_gather};
///
/// async fn fetch(n: u64) -> Result<u64, String> {
///     sleep(Duration::from_millis(n)).await;
///     if n == 2 { Err(format!("no page {n}")) } else { Ok(n) }
/// }
///
/// rondel::run(async {
///     assert_eq!(try_gather([fetch(1), fetch(3)]).await, Ok(vec![1, 3]));
///     let failed = try_gather([fetch(1), fetch(2), fetch(3_600_000)]).await;
///     assert_eq!(failed, Err("no page 2".to_owned()));
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub fn try_gather<I, T, E>(futures: I) -> impl Future<Output = Result<Vec<T>, E>>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>>,
{
    future::try_join_all(futures)
}
