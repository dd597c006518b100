"""One run of one example on one loop."""

import contextlib
import dataclasses
import re
import time
from collections.abc import Callable

from demo import loops
from demo.catalog import Example, Size
from demo.child import Child, Usage

SAMPLE_EVERY = 0.02  # seconds
SERVER_STARTS_WITHIN = 20.0  # seconds
PROGRAM_ENDS_WITHIN = 60.0
SERVER_ENDS_WITHIN = 5.0
TAIL = 15  # lines of standard error that a failure shows

TIME = re.compile(r"\d+(?:\.\d+)?(?= (?:s|ms|per second)\b)")
HEX = re.compile(r"0x[0-9a-f]+")


@dataclasses.dataclass(frozen=True)
class Trial:
    """What came of a run: figures, what was printed with times blanked, or what went wrong."""

    program: Usage | None = None
    server: Usage | None = None
    output: str = ""
    notes: tuple[str, ...] = ()
    failure: str | None = None


class _TrialError(Exception):
    """Why a run is no result."""


def run(example: Example, size: Size, loop: str, check: Callable[[], None]) -> Trial:
    """Runs `example` on `loop`. Calls `check` often, which may raise to end it all."""
    command = loops.command(loop)
    with contextlib.ExitStack() as stack:
        try:
            server, address = None, None
            if server_command := example.server_command(size):
                server = stack.enter_context(Child([*command, *server_command]))
                address = _address(server, check)
            program = stack.enter_context(Child([*command, *example.command(size, address)]))
            _finish(program, server, check)
            if server:
                _stop(server, check)
        except _TrialError as failure:
            return Trial(failure=str(failure))
        said = _said(program) + (_said(server) if server else "")
        if address:
            said = said.replace(address, "ADDRESS")  # its port is another one each time
        return Trial(
            program.usage,
            server.usage if server else None,
            blank(said),
            tuple(line for line in said.splitlines() if line.startswith("note: ")),
        )


def blank(text: str) -> str:
    """`text` without what differs from run to run: times, rates and addresses in memory."""
    return HEX.sub("0x#", TIME.sub("#", text))


def _said(child: Child) -> str:
    # Standard error belongs to it: a loop that warns or logs where the other does not is not the
    # same, even if the program prints the same.
    return child.output() + child.errors()


def _address(server: Child, check: Callable[[], None]) -> str:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN
    while server.running():
        check()
        line, end, _ = server.output().partition("\n")
        if end:
            return line
        if time.monotonic() > deadline:
            raise _TrialError(
                _tail(server, f"its server gave no address within {SERVER_STARTS_WITHIN:.0f} s")
            )
        server.wait(SAMPLE_EVERY)
    raise _TrialError(_tail(server, f"its server ended at once: exit code {server.exit_code}"))


def _finish(program: Child, server: Child | None, check: Callable[[], None]) -> None:
    deadline = time.monotonic() + PROGRAM_ENDS_WITHIN
    while program.running():
        check()
        if server:
            server.running()
        if time.monotonic() > deadline:
            raise _TrialError(_tail(program, f"not done after {PROGRAM_ENDS_WITHIN:.0f} s"))
        program.wait(SAMPLE_EVERY)
    if program.exit_code:
        problem = _tail(program, f"exit code {program.exit_code}")
        if server and not server.running():
            problem += "\n" + _tail(server, f"its server ended: exit code {server.exit_code}")
        raise _TrialError(problem)


def _stop(server: Child, check: Callable[[], None]) -> None:
    server.terminate()
    deadline = time.monotonic() + SERVER_ENDS_WITHIN
    while server.running():
        check()
        if time.monotonic() > deadline:
            problem = f"its server still runs {SERVER_ENDS_WITHIN:.0f} s after SIGTERM"
            raise _TrialError(_tail(server, problem))
        server.wait(SAMPLE_EVERY)
    if server.exit_code:
        raise _TrialError(_tail(server, f"its server ended: exit code {server.exit_code}"))


def _tail(child: Child, problem: str) -> str:
    lines = child.errors().splitlines()
    shown = lines[-TAIL:]
    cut = [f"... {len(lines) - TAIL} lines before"] if len(lines) > TAIL else []
    return "\n  ".join([problem, *cut, *(shown or ["(nothing on its standard error)"])])
