//! Waiting for the first.

use std::future::Future;

use futures_util::stream::{FuturesUnordered, StreamExt};

/// Runs `futures` together, in the task that awaits this, until one is over, gives what that one
/// gives, and drops the others. Of several that are ready at once, the earlier in `futures` wins.
/// `None` if there are no futures.
///
/// ```
/// use std::time::Duration;
/// use rondel::{race, sleep};
///
/// async fn mirror(name: &str, millis: u64) -> &str {
///     sleep(Duration::from_millis(millis)).await;
///     name
/// }
///
/// rondel::run(async {
///     let first = race([mirror("far", 3_600_000), mirror("near", 1)]).await;
///     assert_eq!(first, Some("near"));
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub async fn race<I>(futures: I) -> Option<<I::Item as Future>::Output>
where
    I: IntoIterator,
    I::Item: Future,
{
    let mut futures: FuturesUnordered<_> = futures.into_iter().collect();
    futures.next().await
}
