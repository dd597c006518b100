//! Which loop's part of the client runs in this thread.
//!
//! A waker may be called from any thread. Most are called by what the loop itself polls: those need no queue of other
//! threads, and are told of at once when the poll is over.

use std::cell::Cell;
use std::ptr;

use super::runtime::Shared;

thread_local! {
    /// Null, or what an [`Inside`] of this thread's stack holds.
    static CURRENT: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

/// While it lives, wakers of `shared` that are called in this thread note it there.
pub struct Inside<'a> {
    shared: &'a Shared,
    before: *const Shared,
}

impl<'a> Inside<'a> {
    pub fn new(shared: &'a Shared) -> Self {
        shared.depth.set(shared.depth.get() + 1);
        Self { shared, before: CURRENT.replace(shared) }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.before);
        self.shared.depth.set(self.shared.depth.get() - 1);
    }
}

/// Notes that the place `number` of the loop `owner` is woken. False: that loop does not poll in this thread.
pub fn note(owner: u64, number: u32) -> bool {
    let current = CURRENT.get();
    // SAFETY: null, or borrowed by an `Inside` further up on this thread's stack, which puts the pointer back before the
    // borrow ends. Whoever polls holds the GIL.
    let Some(shared) = (unsafe { current.as_ref() }) else { return false };
    if shared.id != owner {
        return false;
    }
    shared.woken.borrow_mut().push_back(number);
    true
}
