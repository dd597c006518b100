"""A process that is measured: started, talked to by lines, and never left behind."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
from types import TracebackType
from typing import IO

from benches import cores, interruption
from benches.model import HUNG, MeasureError
from benches.settings import ROOT

# The exception of a loop that does not have a method.
REFUSAL = "NotImplementedError"


class Process:
    """A process in a group of its own, killed when the block ends in which it is used."""

    def __init__(self, command: list[str], core: int | None = None) -> None:
        self._pending = b""
        with contextlib.ExitStack() as stack:
            with interruption.held():
                self._errors = stack.enter_context(tempfile.TemporaryFile())
                with cores.pinned(core):
                    self._popen = _start(command, self._errors)
                stack.enter_context(self._popen)
                stack.callback(self._kill)
            # The end of the process makes it readable, so that nothing has to be polled.
            self._end = os.pidfd_open(self._popen.pid)
            stack.callback(os.close, self._end)
            self._resources = stack.pop_all()

    def __enter__(self) -> "Process":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._resources.close()

    def line(self, within: float) -> str:
        """The next line of its standard output. MeasureError when it ends first, or is late."""
        deadline = time.monotonic() + within
        assert self._popen.stdout, "it is a pipe"
        output = self._popen.stdout.fileno()
        while b"\n" not in self._pending:
            if not _readable(output, deadline - time.monotonic()):
                raise MeasureError(f"nothing heard for {within:.0f} s", HUNG)
            data = os.read(output, 65536)
            if not data:
                raise self.how_it_ended()
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode()

    def say(self, line: str) -> None:
        """Writes a line to its standard input."""
        assert self._popen.stdin, "it is a pipe"
        try:
            self._popen.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise self.how_it_ended() from None

    def interrupt(self) -> None:
        """What Ctrl-C sends."""
        self._popen.send_signal(signal.SIGINT)

    def pause(self) -> None:
        """It stands still until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def user_seconds(self) -> float:
        """What all its threads have run so far, outside of the kernel; in whole clock ticks."""
        # proc(5): what comes before the state, the third field, may have spaces in it.
        stat = pathlib.Path(f"/proc/{self._popen.pid}/stat").read_text()
        ticks = int(stat.rpartition(")")[2].split()[11])
        return ticks / os.sysconf("SC_CLK_TCK")

    def ends(self, within: float) -> bool:
        """Waits for its end, which is noticed at once; False when it still runs."""
        return _readable(self._end, within)

    def exit_code(self) -> int:
        """Negative for a signal. Waits for the end."""
        return self._popen.wait()

    def errors(self) -> str:
        """What it has written to its standard error so far."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size, 0).decode(errors="replace")

    def last_error(self) -> str:
        """The last line of that: of a traceback, the exception."""
        return self.errors().strip().rpartition("\n")[2]

    def how_it_ended(self) -> MeasureError:
        """Of a process that has ended, or closed its output: the error that says how."""
        try:
            code = self._popen.wait(1)
        except subprocess.TimeoutExpired:
            return MeasureError("closed its output, and did not end", HUNG)
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        said = self.last_error()
        word = "crashed" if code < 0 else "refused" if REFUSAL in said else "failed"
        return MeasureError(f"{how}: {said}" if said else how, word)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # nobody is left
            os.killpg(self._popen.pid, number)

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._popen.wait()


def _start(command: list[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,
            bufsize=0,
        )
    except OSError as error:
        raise MeasureError(f"{command[0]} does not start: {error}") from None


def _readable(descriptor: int, within: float) -> bool:
    # Not select(2), which knows no descriptor above 1023.
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(within, 0) * 1000))


def _environment() -> dict[str, str]:
    """Ours, without what would change how Python runs (PYTHONASYNCIODEBUG, PYTHONPATH, ...)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
