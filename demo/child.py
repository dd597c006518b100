"""A child process, measured while it runs."""

import contextlib
import dataclasses
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO

from demo.catalog import ROOT

KIB = 1024
# ru_maxrss is in KiB, on macOS in bytes (getrusage(2)).
MAXRSS_UNIT = 1 if sys.platform == "darwin" else KIB
# Debug mode slows both loops down and logs what was slow, which differs from run to run.
DEBUGGING = ("PYTHONASYNCIODEBUG", "PYTHONDEVMODE")


@dataclasses.dataclass(frozen=True)
class Usage:
    """What one process took, from its start to its end."""

    wall: float  # seconds
    cpu: float  # seconds, user and system, with the children it waited for
    memory: int  # bytes resident at the peak, of the process alone
    threads: int | None  # most at one time, of the process alone; None where it can't be seen


class Child:
    """A process in a group of its own, so that it can be ended with all that it started.

    Use it as a context manager: whatever happens, nothing of the group is left afterwards.
    """

    def __init__(self, command: list[str]) -> None:
        files = contextlib.ExitStack()
        # Files, not pipes: a program that prints much never waits for us to read.
        self._out, self._err = (
            files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes them
            for _ in range(2)
        )
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in DEBUGGING},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            process_group=0,
        )
        self._exit = _ExitPoller(self._process.pid, files)
        self._files = files
        self._status = pathlib.Path(f"/proc/{self._process.pid}/status")
        self._memory = 0
        self._threads: int | None = None
        self._usage: Usage | None = None

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
            os.killpg(self._process.pid, signal.SIGKILL)
        while self.running():
            self.wait(1)
        self._files.close()

    @property
    def usage(self) -> Usage:
        """What it took. Only once it has ended."""
        if self._usage is None:
            raise RuntimeError("the process still runs")
        return self._usage

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal; None while it runs."""
        code: int | None = self._process.returncode
        return code

    def output(self) -> str:
        """What it has printed so far."""
        return _read(self._out)

    def errors(self) -> str:
        """What it has written to its standard error so far."""
        return _read(self._err)

    def wait(self, seconds: float) -> None:
        """Waits until the process ends, but not longer."""
        self._exit.poll(seconds)

    def terminate(self) -> None:
        """Asks the process to end."""
        if self.running():
            self._process.send_signal(signal.SIGTERM)

    def running(self) -> bool:
        """Takes a sample of a process that runs, and the sum of one that has ended."""
        if self._usage is not None:
            return False
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if pid == 0:
            self._sample()
            return True
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._usage = Usage(
            wall=time.perf_counter() - self._started,
            cpu=usage.ru_utime + usage.ru_stime,
            memory=self._memory or usage.ru_maxrss * MAXRSS_UNIT,
            threads=self._threads,
        )
        return False

    def _sample(self) -> None:
        # The kernel keeps the peak of the memory itself (VmHWM), but drops it with the process.
        # ru_maxrss outlives it, but counts our memory too, which a new process shares with us
        # until it calls exec.
        try:
            lines = self._status.read_text().splitlines()
        except OSError:  # no /proc on this system, or the process has just ended
            return
        fields = dict(line.split(":", 1) for line in lines)
        if "VmHWM" in fields:  # not in a process that has ended
            self._memory = max(self._memory, int(fields["VmHWM"].split()[0]) * KIB)
            self._threads = max(self._threads or 0, int(fields["Threads"]))


class _ExitPoller:
    """Waits for the end of a process with a time limit, where it can without polling."""

    FALLBACK = 0.005  # seconds between two looks, where there are no pidfds

    def __init__(self, pid: int, files: contextlib.ExitStack) -> None:
        self._poll: select.poll | None = None
        with contextlib.suppress(AttributeError, OSError):  # not Linux, or older than 5.3
            descriptor = os.pidfd_open(pid)
            files.callback(os.close, descriptor)
            self._poll = select.poll()
            self._poll.register(descriptor, select.POLLIN)

    def poll(self, seconds: float) -> None:
        if self._poll is None:
            time.sleep(min(seconds, self.FALLBACK))
        else:
            self._poll.poll(seconds * 1000)


def _read(file: IO[bytes]) -> str:
    # pread leaves the offset alone: the child shares it, and writes there.
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")
