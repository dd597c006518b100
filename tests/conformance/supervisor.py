"""Runs one module in a child process: what hangs or crashes is named, and the rest goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from conformance import suites
from conformance.suites import Module

#: A child is looked at so often, in seconds.
TICK = 0.1
#: A child that hung may take so many seconds to write its stacks.
STACKS = 5
#: So many tests of one module may hang or crash before the module is given up.
INTERRUPTIONS = 10
#: As much of what a child wrote to its standard error as is kept.
CHARACTERS = 2000

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Outcome:
    """What became of a test."""

    #: passed, failed, skipped, hung or crashed.
    what: str
    #: The traceback, or the reason.
    detail: str = ""

    @property
    def fell_short(self) -> bool:
        """Neither passed nor skipped."""
        return self.what not in {"passed", "skipped"}


@dataclass(frozen=True)
class Settings:
    """How children run."""

    #: So many seconds without an end of a test are a hang.
    stall: float
    #: Where uvloop's source distribution is unpacked.
    uvloop_source: Path | None = None


Outcomes = dict[str, Outcome]


def run(module: Module, loop: str, settings: Settings, only: list[str] | None = None) -> Outcomes:
    """Run a module's tests, or some of them, on `loop` (rondel, asyncio)."""
    outcomes: Outcomes = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for _ in range(INTERRUPTIONS):
            lines, ended, errors = _child(module, loop, settings, only, outcomes, Path(folder))
            running = _take(lines, outcomes)
            if lines and lines[-1][0] == "done":
                return outcomes
            if running is None:
                # Outside of a test: the import, or between two.
                outcomes[f"{module.name}.IMPORT"] = Outcome(*_explain(ended, errors))
                return outcomes
            outcomes[running] = Outcome(*_explain(ended, errors))
        outcomes[f"{module.name}.REST"] = Outcome(
            "crashed", f"given up after {INTERRUPTIONS} tests that hung or crashed"
        )
    return outcomes


def _take(lines: list[list[str]], outcomes: Outcomes) -> str | None:
    """Put what a child wrote among the outcomes; gives the test that has not ended."""
    running = None
    for what, name, detail in lines:
        if what == "start":
            running = name
        elif what == "end":
            running = None
        # A test may fail in several of its parts, and in its clean-up after that.
        elif what != "done" and not (name in outcomes and outcomes[name].fell_short):
            outcomes[name] = Outcome(what, detail)
    return running


def _explain(ended: int | None, errors: str) -> tuple[str, str]:
    if ended is None:
        return "hung", errors
    if ended < 0:
        return "crashed", f"{signal.Signals(-ended).name}\n{errors}"
    return "crashed", f"exit status {ended}\n{errors}"


def _child(
    module: Module,
    loop: str,
    settings: Settings,
    only: list[str] | None,
    done: Outcomes,
    folder: Path,
) -> tuple[list[list[str]], int | None, str]:
    """One child process: what it wrote, how it ended (None: it hung), what it said of errors."""
    out, errors = folder / "out", folder / "errors"
    without, chosen, work = folder / "without", folder / "only", folder / "work"
    out.write_text("")
    without.write_text(json.dumps(list(done)))
    work.mkdir(exist_ok=True)
    command = [module.python.executable, "-W", "ignore", str(HERE / "worker.py")]
    command += [module.suite, module.name, loop, str(out), "--without", str(without)]
    if only is not None:
        chosen.write_text(json.dumps(only))
        command += ["--only", str(chosen)]
    with errors.open("wb") as stderr:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            cwd=work,
            env=_environment(module, settings),
            start_new_session=True,
        )
        ended = _watch(child, out, settings.stall)
    with contextlib.suppress(ProcessLookupError):
        # What its tests left behind.
        os.killpg(child.pid, signal.SIGKILL)
    # The last line may be half a line.
    whole = out.read_text().split("\n")[:-1]
    lines = [json.loads(line) for line in whole]
    return lines, ended, errors.read_text(errors="replace")[-CHARACTERS:]


def _environment(module: Module, settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    paths = [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    if module.suite == suites.UVLOOP:
        # For the programs that its tests start, too.
        paths.insert(0, str(HERE / "shim"))
        kept["UVLOOP_SOURCE"] = str(settings.uvloop_source)
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(paths)
    return kept


def _watch(child: subprocess.Popen[bytes], out: Path, stall: float) -> int | None:
    """Wait for the child's end, or kill it when nothing has happened for too long."""
    size, since = 0, time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(TICK)
        now = out.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > stall:
            # This one has it write the stacks of its threads.
            child.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STACKS)
            child.kill()
            child.wait()
            return None
