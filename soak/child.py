"""The process that does the work, started by the supervisor.

`python -m soak.child DESCRIPTOR SETTINGS` tells of itself on the descriptor, in lines of JSON:
{"problem": text}, or where the run stands.
"""

import asyncio
import contextlib
import dataclasses
import gc
import importlib
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from soak import actors
from soak.actor import Actor
from soak.leftovers import Inventory
from soak.memory import ALLOWED, MIB
from soak.problems import Problems
from soak.session import Session
from soak.settings import Settings

# So many actors at once show what is made once.
WARM_UP = 32

Show = Callable[[dict[str, Any]], None]


class Teller:
    """Writes to the supervisor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_inheritable(descriptor, False)

    def event(self, event: dict[str, Any]) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def problem(self, text: str) -> None:
        self.event({"problem": text})


def new_event_loop(name: str) -> asyncio.AbstractEventLoop:
    """A loop of the kind with this name."""
    if name == "asyncio":
        return asyncio.SelectorEventLoop()
    loop: asyncio.AbstractEventLoop = importlib.import_module(name).new_event_loop()
    return loop


def soak(settings: Settings, chosen: list[Actor], problems: Problems, show: Show) -> None:
    """One run on a loop of its own, with all that asyncio.run does at the end."""
    session = Session(settings, chosen, problems.tell, show)
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(new_event_loop(settings.loop)) as loop,
    ):
        loop.set_exception_handler(problems.from_loop)
        loop.run_until_complete(session.run(pathlib.Path(folder)))
        for task in asyncio.all_tasks(loop):
            problems.tell(f"a task is left: {task}")
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    gc.collect()
    for thing in session.world.made:
        problems.tell(f"an object is left: {thing!r}")
    growth, verdict = session.memory.growth(), "too short a run to judge"
    if growth is not None:
        verdict = f"{growth / MIB:+.1f} MiB from half to half, {ALLOWED / MIB:g} allowed"
        if growth > ALLOWED:
            problems.tell(f"memory grew: {verdict}")
    show({**session.progress(), "growth": verdict, "finished": True})


def main(descriptor: str, settings_text: str) -> int:
    # A shell that runs the soak in the background has it ignore Ctrl-C, and with it each child, of
    # which some are to end by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    teller = Teller(int(descriptor))
    settings = Settings.from_json(settings_text)
    try:
        chosen = actors.choose(settings.only, settings.modules)
        new_event_loop(settings.loop).close()
    except (LookupError, ImportError, AttributeError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    problems = Problems(teller.problem)
    problems.listen()
    # What is made once for the whole process is made here, and does not count as left.
    warm_up = dataclasses.replace(
        settings, seconds=min(settings.seconds, 1), at_once=min(settings.at_once, WARM_UP)
    )
    soak(warm_up, chosen, problems, lambda _: None)
    before = Inventory()
    soak(settings, chosen, problems, teller.event)
    for left in before.left():
        teller.problem(left)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
