"""Child processes."""

import asyncio
from time import perf_counter

from benches.micro.registry import benchmark


@benchmark("subprocess: /bin/true started and waited for", 60)
async def subprocess(count: int) -> float:
    began = perf_counter()
    for _ in range(count):
        child = await asyncio.create_subprocess_exec("/bin/true")
        await child.wait()
    return perf_counter() - began
