//! The monotonic clock, in nanoseconds.

/// Nanoseconds on `CLOCK_MONOTONIC`: the clock of Python's `time.monotonic()` on the same machine.
#[inline]
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // Through the C library, which finds the kernel's fast path also where a tool such as valgrind has hidden it.
    // SAFETY: the call writes a timespec; it fails only for an unknown clock, and this one is as old as POSIX timers.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    // The monotonic clock starts at boot: neither part is negative, and u64 lasts 584 years.
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}
