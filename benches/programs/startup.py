"""Times an import and an empty run. usage: python startup.py LOOP; prints both, in seconds."""

import sys
from time import perf_counter

began = perf_counter()
module = __import__(sys.argv[1])
imported = perf_counter()

import asyncio  # noqa: E402  what is measured comes first


async def nothing() -> None:
    pass


with asyncio.Runner(loop_factory=module.new_event_loop) as runner:
    runner.run(nothing())
print(imported - began, perf_counter() - began)
