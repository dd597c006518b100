"""`rondel.run()`: `asyncio.run()` on a rondel loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from .loop import new_event_loop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run a coroutine on a new rondel loop, and give what it returns or raise what it raises.

    As `asyncio.run()`: Ctrl-C cancels `main`; at the end the tasks that are left are cancelled,
    asynchronous generators and the default executor are shut down, and the loop is closed.
    `debug` switches the loop's debug mode; None leaves it to PYTHONASYNCIODEBUG and `-X dev`.

    Raises RuntimeError if this thread runs a loop already, and what `asyncio.Runner.run` raises
    (its version's error) if `main` is no coroutine.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("rondel.run() cannot be called from a running event loop")
    with asyncio.Runner(debug=debug, loop_factory=new_event_loop) as runner:
        return runner.run(main)
