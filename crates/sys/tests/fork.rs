//! A forked child has its parent's descriptors and none of its threads: it must leave the parent's selector alone.

use std::io::{Write, pipe};
use std::os::fd::AsRawFd;
use std::time::Duration;

use rondel_sys::{Backend, Events, Interest, Selector, fork};

const READ: Interest = Interest { read: true, write: false, once: false };
#[cfg(target_os = "linux")]
const BACKENDS: &[Backend] = &[Backend::Epoll, Backend::Poll];
#[cfg(not(target_os = "linux"))]
const BACKENDS: &[Backend] = &[Backend::Poll];

/// Whether `check` holds in a forked child.
fn in_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs `check` and ends with _exit. It may allocate: the C libraries that we know make their
    // allocator ready for a child. An alarm ends a child that hangs.
    unsafe {
        match libc::fork() {
            0 => {
                libc::alarm(20);
                libc::_exit(i32::from(!check()))
            }
            child => {
                assert!(child > 0, "fork");
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
            }
        }
    }
}

fn finds(selector: &Selector, token: u64) -> bool {
    let mut events = Events::new();
    selector.wait(&mut events, Some(Duration::ZERO)).is_ok() && events.iter().any(|event| event.token == token)
}

#[test]
fn what_a_child_changes_does_not_reach_the_parents_set() {
    for &backend in BACKENDS {
        let (reader, mut writer) = pipe().unwrap();
        let (other, _other_writer) = pipe().unwrap();
        let selector = Selector::new(backend).unwrap();
        selector.add(reader.as_raw_fd(), 1, READ).unwrap();
        writer.write_all(b"x").unwrap();
        assert!(in_child(|| {
            selector.is_foreign()
                && selector.modify(reader.as_raw_fd(), 2, READ).is_ok()
                && selector.delete(reader.as_raw_fd()).is_ok()
                && selector.add(other.as_raw_fd(), 3, READ).is_ok()
        }));
        assert!(!selector.is_foreign());
        assert!(finds(&selector, 1), "{backend:?}");
        selector.add(other.as_raw_fd(), 3, READ).unwrap();
    }
}

#[test]
fn a_wait_in_a_child_fails_and_says_what_to_do() {
    for &backend in BACKENDS {
        let selector = Selector::new(backend).unwrap();
        assert!(
            in_child(|| {
                let waited = selector.wait(&mut Events::new(), None);
                waited.is_err_and(|error| error.to_string().contains("after a fork, make a new one"))
            }),
            "{backend:?}"
        );
    }
}

#[test]
fn a_child_can_make_a_selector_of_its_own_and_fork_again() {
    for &backend in BACKENDS {
        let before = fork::generation();
        assert!(
            in_child(|| {
                let (reader, mut writer) = pipe().unwrap();
                let selector = Selector::new(backend).unwrap();
                let works = selector.add(reader.as_raw_fd(), 1, READ).is_ok()
                    && writer.write_all(b"x").is_ok()
                    && finds(&selector, 1);
                works && !selector.is_foreign() && in_child(|| selector.is_foreign() && !finds(&selector, 1))
            }),
            "{backend:?}"
        );
        assert_eq!(fork::generation(), before, "the parent is what it was");
    }
}
