"""Child processes: when one has ended, and signals that reach no other.

The number of a process is free for another one as soon as somebody has taken its exit status. So it
is taken in the loop's thread alone, and no signal is sent without looking whether the process is
still ours to take.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading


class Child:
    """A child process of ours.

    Where the kernel has pidfds, nothing of the program's is in the way of hearing when it ends: no
    handler of SIGCHLD, no thread. Elsewhere a thread waits, which leaves the status where it is.

    Raises OSError when the process is out of descriptors, RuntimeError when it is out of threads.
    """

    __slots__ = ("_id", "_type", "fd", "pid")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        #: Can be read once the process has ended.
        self.fd = -1
        # What waitid(2) is asked for.
        self._type, self._id = os.P_PID, pid
        if not self._open_pidfd():
            self.fd = _fd_of_waiting_thread(pid)

    def _open_pidfd(self) -> bool:
        try:
            # Fails before Linux 5.3, where a sandbox forbids it, and for a process that is gone
            # already, status and all (SIGCHLD is ignored).
            fd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            return False
        try:
            # Another one by now? And since 5.4 only waitid knows of pidfds.
            os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except OSError:
            os.close(fd)
            return False
        self.fd = self._id = fd
        self._type = os.P_PIDFD
        return True

    def is_running(self) -> bool:
        """Whether it has not ended. Its status stays where it is.

        Raises ProcessLookupError if it is not ours to take any more, or never was (after a fork).
        """
        try:
            return os.waitid(self._type, self._id, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from None

    def send_signal(self, number: int) -> None:
        """Send a signal. One that has ended, and whose status nobody has taken, ignores it.

        Raises as `is_running`; PermissionError if it runs as another user; OSError for no signal.
        """
        self.is_running()
        if self._type == os.P_PIDFD:
            signal.pidfd_send_signal(self.fd, number)
        else:
            os.kill(self.pid, number)

    def take_status(self) -> int | None:
        """Its exit status as `subprocess.Popen.returncode`, or None if it has not ended.

        Raises ChildProcessError if somebody else has taken it: `os.wait()` in the program, or the
        kernel, where SIGCHLD is ignored.
        """
        ended = os.waitid(self._type, self._id, os.WEXITED | os.WNOHANG)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def close(self) -> None:
        """Close the descriptor. Nothing may be asked from then on."""
        os.close(self.fd)


def _fd_of_waiting_thread(pid: int) -> int:
    """A descriptor that can be read once the process has ended."""
    reading, writing = os.pipe()
    thread = threading.Thread(
        target=_wait, args=(pid, writing), name=f"rondel-wait-{pid}", daemon=True
    )
    try:
        thread.start()
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    return reading


def _wait(pid: int, writing: int) -> None:
    try:
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        # A byte, as a forked child of ours may keep this end open. Nobody may listen any more.
        with contextlib.suppress(BrokenPipeError):
            os.write(writing, b"\0")
    finally:
        os.close(writing)
