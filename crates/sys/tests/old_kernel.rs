//! Kernels before Linux 5.11, and sandboxes that forbid what came with it. A program of its own: the selector remembers
//! for the whole process what the kernel lacks.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use rondel_sys::{Backend, Events, Selector};

/// Makes `system_call` fail with `errno` in this thread, for good (seccomp(2), in the classic BPF).
fn forbid(system_call: libc::c_long, errno: libc::c_int) {
    let instruction = |code: u32, k: u32| libc::sock_filter { code: code.try_into().unwrap(), jt: 0, jf: 0, k };
    let mut filter = [
        // The number of the system call stands at the beginning of `struct seccomp_data`.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter {
            jf: 1,
            ..instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, system_call.try_into().unwrap())
        },
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap()),
        instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len().try_into().unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: the program and its filter live through the call; the kernel copies them.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}

#[test]
fn without_epoll_pwait2_a_wait_counts_in_milliseconds_and_is_never_early() {
    let selector = Selector::new(Backend::Epoll).unwrap();
    let mut events = Events::new();
    forbid(libc::SYS_epoll_pwait2, libc::ENOSYS);
    for (timeout, rounded) in [(1, 1_000_000), (1_000_001, 2_000_000)] {
        let start = Instant::now();
        selector.wait(&mut events, Some(Duration::from_nanos(timeout))).unwrap();
        assert!(start.elapsed() >= Duration::from_nanos(rounded), "{timeout} ns took {:?}", start.elapsed());
    }
}
