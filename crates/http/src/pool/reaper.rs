//! Who closes idle connections: after their time, and when the server has.

use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use rondel_engine::Nanos;

use super::Pooled;
use super::inner::Inner;
use crate::runtime::Runtime;

/// The background task of a pool. It is there while something is idle, and goes when its timer rings and nothing is.
struct Reaper<R: Runtime, C: Pooled> {
    pool: Weak<Inner<R, C>>,
    /// Set for the first connection whose time is over. Later ones come after that, so it is never too late.
    timer: Option<R::Sleep>,
}

/// Gives `pool` a reaper.
pub(super) fn spawn<R: Runtime, C: Pooled>(pool: &Rc<Inner<R, C>>) {
    let reaper: Reaper<R, C> = Reaper { pool: Rc::downgrade(pool), timer: None };
    pool.runtime.spawn(Box::pin(reaper));
}

impl<R: Runtime, C: Pooled> Future for Reaper<R, C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            let Some(pool) = this.pool.upgrade() else { return Poll::Ready(()) };
            if pool.state.borrow().is_closed() {
                return Poll::Ready(());
            }
            pool.bells.listen(cx.waker());
            for index in pool.bells.answer() {
                pool.look_after(index);
            }
            if let Some(timer) = &mut this.timer {
                if Pin::new(timer).poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.timer = None;
            }
            let next: Option<Poll<Nanos>> = pool.expire();
            match next {
                None => return Poll::Ready(()),
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(end)) => this.timer = Some(pool.runtime.sleep_until(end)),
            }
        }
    }
}

impl<R: Runtime, C: Pooled> Drop for Reaper<R, C> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.reaping.set(false);
        }
    }
}
