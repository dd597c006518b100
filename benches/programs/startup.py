"""Times an import and an empty run. usage: python startup.py LOOP; prints both, in seconds."""

import sys
from time import perf_counter

began = perf_counter()
module = __import__(sys.argv[1])
imported = perf_counter()

import asyncio  # noqa: E402  what is measured comes first


async def nothing() -> None:
    pass


# As in benches.loops, which imports too much to be used here.
names = "new_event_loop", "EventLoop", "Loop"
factory = next(getattr(module, name) for name in names if hasattr(module, name))
with asyncio.Runner(loop_factory=factory) as runner:
    runner.run(nothing())
print(imported - began, perf_counter() - began)
