//! A flag that tasks can wait for.

use std::sync::atomic::{AtomicBool, Ordering};

/// A flag, at first not set, that tasks can wait for (`asyncio.Event`).
///
/// ```
/// use std::rc::Rc;
/// use rondel::{spawn, sync::Event};
///
/// rondel::run(async {
///     let open = Rc::new(Event::new());
///     let guest = spawn({
///         let open = open.clone();
///         async move { open.wait().await }
///     });
///     open.set();
///     guest.await.unwrap();
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Default)]
pub struct Event {
    set: AtomicBool,
    waiters: event_listener::Event,
}

impl Event {
    /// Not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Sets it and wakes all that wait.
    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.waiters.notify(usize::MAX);
    }

    /// Takes it back: who waits from now on waits for the next [`set`](Self::set). Who was woken by the
    /// last one goes on.
    pub fn clear(&self) {
        self.set.store(false, Ordering::SeqCst);
    }

    /// Waits until it is set.
    pub async fn wait(&self) {
        if !self.is_set() {
            let listener = self.waiters.listen();
            // It may have been set by another thread between the look and the call.
            if !self.is_set() {
                listener.await;
            }
        }
    }
}
