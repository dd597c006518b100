"""Work in other threads."""

import asyncio
from time import perf_counter

from benches.micro.callbacks import nothing
from benches.micro.registry import benchmark


@benchmark("run_in_executor, there and back", 5_000)
async def executor(count: int) -> float:
    loop = asyncio.get_running_loop()
    began = perf_counter()
    for _ in range(count):
        await loop.run_in_executor(None, nothing)
    return perf_counter() - began
