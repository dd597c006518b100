//! A bounded queue.

use std::error::Error;
use std::fmt;

use async_channel::{Receiver, Sender};

/// A first-in, first-out queue for any number of producers and consumers. Clones are the same queue.
///
/// ```
/// use rondel::{spawn, sync::Queue};
///
/// rondel::run(async {
///     let queue = Queue::bounded(1);
///     let producer = spawn({
///         let queue = queue.clone();
///         async move {
///             for n in 1..=3 {
///                 queue.put(n).await.unwrap();
///             }
///             queue.close();
///         }
///     });
///     let mut sum = 0;
///     while let Some(n) = queue.get().await {
///         sum += n;
///     }
///     producer.await.unwrap();
///     assert_eq!(sum, 6);
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Queue<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), receiver: self.receiver.clone() }
    }
}

impl<T> Queue<T> {
    /// Holds at most `capacity` items; 0 stands for no limit, as in `asyncio.Queue`.
    pub fn bounded(capacity: usize) -> Self {
        let (sender, receiver) =
            if capacity == 0 { async_channel::unbounded() } else { async_channel::bounded(capacity) };
        Self { sender, receiver }
    }

    /// Appends `item`, once there is room for it.
    ///
    /// Errors: the queue is closed; the item comes back.
    pub async fn put(&self, item: T) -> Result<(), Closed<T>> {
        let sent = self.sender.send(item).await;
        sent.map_err(|refused| Closed(refused.into_inner()))
    }

    /// Appends `item` if there is room for it now. Otherwise, or if the queue is closed, it comes back
    /// as the error.
    pub fn try_put(&self, item: T) -> Result<(), T> {
        let sent = self.sender.try_send(item);
        sent.map_err(async_channel::TrySendError::into_inner)
    }

    /// Takes the oldest item, once there is one. `None`: the queue is closed, and empty.
    pub async fn get(&self) -> Option<T> {
        self.receiver.recv().await.ok()
    }

    /// Takes the oldest item, if there is one now.
    pub fn try_get(&self) -> Option<T> {
        self.receiver.try_recv().ok()
    }

    /// Refuses further items. Those inside can still be taken.
    pub fn close(&self) {
        self.sender.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// How many items are inside.
    pub fn len(&self) -> usize {
        self.receiver.len()
    }

    /// Whether no item is inside.
    pub fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }
}

/// The queue is closed; here is what was to go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed<T>(pub T);

impl<T> fmt::Display for Closed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is closed")
    }
}

impl<T: fmt::Debug> Error for Closed<T> {}
