"""Runs the soak in a process of its own: its hang or crash is told of like any other failure."""

import contextlib
import dataclasses
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from soak.settings import Settings

# Further problems are counted only: the first ones tell what there is to know.
SHOWN = 20


@dataclasses.dataclass
class Ended:
    """How a run ended."""

    problems: list[str]
    results: dict[str, Any]  # the last that the soak told of itself
    exit_code: int


def supervise(settings: Settings) -> Ended:
    """Run the soak to its end, and show how it goes."""
    supervisor = _Supervisor(settings)
    previous = {number: signal.signal(number, supervisor.interrupt) for number in _SIGNALS}
    try:
        return supervisor.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Supervisor:
    def __init__(self, settings: Settings) -> None:
        self._patience = settings.patience
        self._interrupted = 0
        self._problems: list[str] = []
        self._results: dict[str, Any] = {}
        self._shown = 0.0
        read, write = os.pipe()
        self._events = os.fdopen(read, "rb", buffering=0)
        # A group of its own: Ctrl-C is for us alone, and what the soak started ends with it.
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-X",
                "faulthandler",
                "-m",
                "soak.child",
                str(write),
                settings.to_json(),
            ],
            pass_fds=[write],
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        os.close(write)

    def interrupt(self, number: int, _frame: FrameType | None) -> None:
        self._interrupted = number
        self._kill(signal.SIGKILL)

    def run(self) -> Ended:
        buffer = b""
        with self._events, selectors.DefaultSelector() as selector:
            selector.register(self._events, selectors.EVENT_READ)
            while True:
                if not selector.select(self._patience):
                    self._hung()
                    break
                data = os.read(self._events.fileno(), 65536)
                if not data:
                    break
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._told(json.loads(line))
        code = self._process.wait()
        self._kill(signal.SIGKILL)
        if self._interrupted:
            return Ended(self._problems, self._results, 128 + self._interrupted)
        if code == 2:
            return Ended(self._problems, self._results, 2)
        if code != 0:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            self._problem(f"the process that soaked ended by {how}")
        elif not self._results.get("finished"):
            self._problem("the process that soaked ended without a report")
        return Ended(self._problems, self._results, 1 if self._problems else 0)

    def _told(self, event: dict[str, Any]) -> None:
        if "problem" in event:
            self._problem(event["problem"])
            return
        self._results = event
        if (now := time.monotonic()) - self._shown >= 5 or event.get("finished"):
            self._shown = now
            print(
                f"  {event['seconds']:4.0f} s: {event['actors']} actors,"
                f" {event['connections']} connections, {event['datagrams']} datagrams,"
                f" {event['children']} children,"
                f" {event['descriptors']} descriptors, {event['memory'] / 2**20:.1f} MiB",
                flush=True,
            )

    def _problem(self, text: str) -> None:
        self._problems.append(text)
        if len(self._problems) <= SHOWN:
            print(f"PROBLEM: {text}", file=sys.stderr, flush=True)

    def _hung(self) -> None:
        self._problem(f"no sign of life in {self._patience:g} s; the stacks of all threads follow")
        self._kill(signal.SIGABRT)  # faulthandler prints them

    def _kill(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
