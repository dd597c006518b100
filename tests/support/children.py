"""Child processes of the loop under test, and what is left of them."""

import errno
import os
import signal
import sys
import time

#: Reads its standard input to the end, and writes it to its standard output.
CAT = (sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())")
#: Runs until a signal ends it.
BLOCKED = ("/bin/sleep", "3600")


class Gate:
    """The standard input of a child that exits with status 3 as soon as `open` is called."""

    ARGUMENTS = ("/bin/sh", "-c", "read _; exit 3")

    def __init__(self) -> None:
        self.stdin, self._writing = os.pipe()

    def open(self, pid: int) -> None:
        """Let the child go, and block until it has ended; its status is left where it is."""
        os.close(self.stdin)
        os.close(self._writing)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def python(code: str) -> tuple[str, ...]:
    """The arguments that run this code."""
    return sys.executable, "-c", code


def descriptors() -> set[int]:
    """The numbers of the descriptors that are open."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            os.fstat(int(name))
        except OSError:
            continue
        found.add(int(name))
    return found


def is_child(pid: int) -> bool:
    """Whether it is a child of this process, running or a zombie."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def until_ended(pid: int) -> None:
    """Block until a child has ended; its status is left where it is."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def until_exists(path) -> None:
    """Block until a child has made this file."""
    for _ in range(6000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} did not come")


def without_pidfds(monkeypatch, error: int = errno.ENOSYS) -> None:
    """Let the system refuse to open pidfds, from the call on."""

    def refuse(pid, flags=0):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "pidfd_open", refuse)
    monkeypatch.delattr(signal, "pidfd_send_signal")
