//! `epoll(7)`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::epoll;

use super::{Event, Events, Interest};
use crate::unowned::borrow;

/// Whether `epoll_pwait2` (Linux 5.11) is known to be missing, or forbidden by a seccomp profile.
static NO_PWAIT2: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
pub(super) struct Epoll {
    fd: OwnedFd,
}

impl Epoll {
    pub(super) fn new() -> io::Result<Self> {
        let fd = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { fd })
    }

    pub(super) fn add(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::add(&self.fd, unowned(fd)?, data, flags(interest))?)
    }

    pub(super) fn modify(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::modify(&self.fd, unowned(fd)?, data, flags(interest))?)
    }

    pub(super) fn delete(&self, fd: RawFd) -> io::Result<()> {
        Ok(epoll::delete(&self.fd, unowned(fd)?)?)
    }

    pub(super) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.raw.clear();
        let count = match timeout {
            None => self.wait_ms(&mut events.raw, -1)?,
            Some(Duration::ZERO) => self.wait_ms(&mut events.raw, 0)?,
            Some(timeout) => self.wait_for(&mut events.raw, timeout)?,
        };
        // SAFETY: the kernel has written the first `count` entries, and `count` is at most the
        // capacity it was told.
        unsafe { events.raw.set_len(count) };
        events.found.extend(events.raw.iter().map(|event| {
            let bits = event.events;
            Event {
                token: event.u64,
                readable: bits & !(libc::EPOLLOUT as u32) != 0,
                writable: bits & !(libc::EPOLLIN as u32) != 0,
            }
        }));
        Ok(())
    }

    /// With nanoseconds where the kernel can, otherwise in milliseconds rounded up.
    fn wait_for(&self, raw: &mut Vec<libc::epoll_event>, timeout: Duration) -> io::Result<usize> {
        if !NO_PWAIT2.load(Ordering::Relaxed) {
            match self.wait_ns(raw, timeout) {
                Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                    NO_PWAIT2.store(true, Ordering::Relaxed);
                }
                waited => return waited,
            }
        }
        let ms = timeout.as_nanos().div_ceil(1_000_000);
        self.wait_ms(raw, i32::try_from(ms).unwrap_or(i32::MAX))
    }

    fn wait_ms(&self, raw: &mut Vec<libc::epoll_event>, ms: i32) -> io::Result<usize> {
        // SAFETY: the pointer and the length are those of the vector's spare memory, which lives
        // through the call.
        let count = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), raw.as_mut_ptr(), room(raw), ms) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }

    fn wait_ns(&self, raw: &mut Vec<libc::epoll_event>, timeout: Duration) -> io::Result<usize> {
        let timeout = KernelTimespec {
            seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: timeout.subsec_nanos().into(),
        };
        // SAFETY: as in `wait_ms`; the timespec lives through the call, and without a signal mask
        // its size is not looked at.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.fd.as_raw_fd(),
                raw.as_mut_ptr(),
                room(raw),
                &raw const timeout,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }
}

/// `struct __kernel_timespec`: 64 bits also where the C library's `timespec` has 32.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanoseconds: i64,
}

fn room(raw: &Vec<libc::epoll_event>) -> i32 {
    i32::try_from(raw.capacity().min(Events::CAPACITY)).unwrap_or(i32::MAX)
}

fn flags(interest: Interest) -> epoll::EventFlags {
    let mut flags = epoll::EventFlags::empty();
    flags.set(epoll::EventFlags::IN, interest.read);
    flags.set(epoll::EventFlags::OUT, interest.write);
    flags.set(epoll::EventFlags::ONESHOT, interest.once);
    flags
}

fn unowned<'fd>(fd: RawFd) -> io::Result<BorrowedFd<'fd>> {
    // SAFETY: the number goes to `epoll_ctl` and nowhere else, which does not touch the file itself.
    unsafe { borrow(fd) }
}
