//! How long a wait lasts, and what ends it.

use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rondel_sys::{Backend, Events, Interest, Selector, Waker};

const READ: Interest = Interest { read: true, write: false, once: false };
#[cfg(target_os = "linux")]
const BACKENDS: &[Backend] = &[Backend::Epoll, Backend::Poll];
#[cfg(not(target_os = "linux"))]
const BACKENDS: &[Backend] = &[Backend::Poll];

#[test]
fn a_wait_never_ends_early() {
    for &backend in BACKENDS {
        let selector = Selector::new(backend).unwrap();
        let mut events = Events::new();
        for timeout in [1, 999, 1_000_001, 1_500_000, 7_999_999].map(Duration::from_nanos) {
            let start = Instant::now();
            selector.wait(&mut events, Some(timeout)).unwrap();
            let waited = start.elapsed();
            assert!(waited >= timeout, "{backend:?} asked for {timeout:?} waited {waited:?}");
        }
    }
}

#[test]
fn the_longest_timeouts_are_accepted() {
    for &backend in BACKENDS {
        let selector = Selector::new(backend).unwrap();
        let (reader, _writer) = readable_pipe();
        selector.add(reader.as_raw_fd(), 1, READ).unwrap();
        for timeout in [Duration::from_nanos(u64::MAX), Duration::MAX] {
            let mut events = Events::new();
            selector.wait(&mut events, Some(timeout)).unwrap();
            assert_eq!(events.iter().count(), 1, "{backend:?} {timeout:?}");
        }
    }
}

#[test]
fn a_signal_ends_a_wait_and_finds_nothing() {
    extern "C" fn nothing(_signal: libc::c_int) {}
    // SAFETY: the handler does nothing, and no other test of this program uses the signal.
    unsafe { libc::signal(libc::SIGUSR1, nothing as *const () as libc::sighandler_t) };
    for &backend in BACKENDS {
        let waiting = thread::spawn(move || {
            let selector = Selector::new(backend).unwrap();
            let mut events = Events::new();
            selector.wait(&mut events, None).map(|()| events.iter().count())
        });
        // A signal that comes before the wait interrupts nothing, so it is sent until one did.
        while !waiting.is_finished() {
            // SAFETY: the thread is not joined yet, so its handle is valid.
            unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR1) };
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(waiting.join().unwrap().unwrap(), 0, "{backend:?}");
    }
}

#[test]
fn a_waker_ends_a_wait_from_another_thread() {
    for &backend in BACKENDS {
        let waker = Waker::new().unwrap();
        let selector = Selector::new(backend).unwrap();
        selector.add(waker.read_fd(), 5, READ).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut events = Events::new();
                selector.wait(&mut events, None).unwrap();
                events.iter().map(|event| event.token).collect::<Vec<u64>>()
            });
            waker.wake();
            assert_eq!(waiting.join().unwrap(), [5], "{backend:?}");
        });
    }
}

/// What the contract says of changes under a wait: with poll, whoever changes the set must wake the waiting thread.
#[test]
fn a_change_by_another_thread_counts_from_the_next_wait_on() {
    for &backend in BACKENDS {
        let waker = Waker::new().unwrap();
        let selector = Selector::new(backend).unwrap();
        selector.add(waker.read_fd(), 5, READ).unwrap();
        let (reader, _writer) = readable_pipe();
        let (found, found_by_waiter) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let found = found;
                let mut events = Events::new();
                while {
                    selector.wait(&mut events, None).unwrap();
                    waker.drain();
                    !events.iter().any(|event| event.token == 1)
                } {}
                found.send(()).unwrap();
            });
            selector.add(reader.as_raw_fd(), 1, READ).unwrap();
            waker.wake();
            found_by_waiter.recv().unwrap();
        });
    }
}

#[test]
fn a_waker_takes_any_number_of_wakes_and_is_silent_once_drained() {
    let waker = Waker::new().unwrap();
    let selector = Selector::new(Backend::Poll).unwrap();
    selector.add(waker.read_fd(), 1, READ).unwrap();
    let mut events = Events::new();
    for wakes in [1, 511, 512, 513, 100_000] {
        for _ in 0..wakes {
            waker.wake();
        }
        selector.wait(&mut events, None).unwrap();
        assert_eq!(events.iter().count(), 1, "after {wakes} wakes");
        waker.drain();
        waker.drain();
        selector.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!(events.iter().count(), 0, "after {wakes} wakes");
    }
}

#[test]
fn a_wakers_write_end_takes_bytes_from_a_signal_handler() {
    let waker = Waker::new().unwrap();
    let selector = Selector::new(Backend::Poll).unwrap();
    selector.add(waker.read_fd(), 1, READ).unwrap();
    // SAFETY: the descriptor is open, and the buffer is one byte long.
    assert_eq!(unsafe { libc::write(waker.write_fd(), b"\x02".as_ptr().cast(), 1) }, 1);
    let mut events = Events::new();
    selector.wait(&mut events, None).unwrap();
    assert_eq!(events.iter().count(), 1);
}

fn readable_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    (reader, writer)
}
