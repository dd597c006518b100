//! Whether this process is a forked child of the one that made something.
//!
//! An epoll set is shared with a forked child: a deregistration there would take the descriptor
//! from the parent. Whoever holds such a thing notes the [`generation`] at its making and compares.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static HOOK: Once = Once::new();

extern "C" fn entered_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// How many forks lie between this process and the first one that called this.
///
/// Counts `fork(3)` and whatever calls it (`os.fork`, `multiprocessing`); a bare `clone` system call
/// is not seen.
pub fn generation() -> u32 {
    HOOK.call_once(|| {
        // SAFETY: the handler only adds to an atomic, which is async-signal-safe, and lives in this
        // module, which is never unloaded (extension modules of CPython are not).
        let failed = unsafe { libc::pthread_atfork(None, None, Some(entered_child)) };
        debug_assert_eq!(failed, 0, "pthread_atfork fails only without memory");
    });
    GENERATION.load(Ordering::Relaxed)
}
