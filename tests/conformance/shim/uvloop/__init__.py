"""Stands in for uvloop in its own test suite: the names of its public interface, on rondel.

What lies deeper (`uvloop.loop`, `uvloop.includes`) is not here: rondel has no libuv to show.
"""

import asyncio

import rondel
from rondel import EventLoop as Loop
from rondel import EventLoopPolicy, install, new_event_loop

__version__ = rondel.__version__
__all__ = ["EventLoopPolicy", "Loop", "install", "new_event_loop", "run"]


def run(main, *, loop_factory=new_event_loop, debug=None):
    """As `uvloop.run`, which refuses a loop that is none of its own."""

    async def wrapper():
        if not isinstance(asyncio.get_running_loop(), Loop):
            raise TypeError("uvloop.run() uses a non-uvloop event loop")
        return await main

    try:
        with asyncio.Runner(loop_factory=loop_factory, debug=debug) as runner:
            return runner.run(wrapper())
    finally:
        main.close()
