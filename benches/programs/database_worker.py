"""A client of a database. usage: python -m benches.programs.database_worker LOOP

A request (see `worker`) has `operation`, a name of OPERATIONS, `address`, what `asyncpg.connect` or
`Redis` is called with, `tasks`, how many do it at once, each on a connection of its own, and
`seconds`, how long.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter
from typing import Any

from benches.programs import worker

ROWS = "SELECT n, 'the row of number ' || n AS text FROM generate_series(1, 100) AS n"
VALUE = b"x" * 100
PIPELINE = 100  # commands

# One round trip.
Operation = Callable[[], Awaitable[object]]


@contextlib.asynccontextmanager
async def select(address: dict[str, Any], query: str) -> AsyncIterator[Operation]:
    import asyncpg

    connection = await asyncpg.connect(**address)
    try:
        statement = await connection.prepare(query)
        yield statement.fetch
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def redis(address: dict[str, Any], command: str) -> AsyncIterator[Operation]:
    from redis import asyncio as redis

    async with redis.Redis(**address) as client:
        await client.set("name", VALUE)

        async def pipeline() -> object:
            pipeline = client.pipeline(transaction=False)
            for _ in range(PIPELINE):
                pipeline.get("name")
            return await pipeline.execute()

        operations: dict[str, Operation] = {
            "get": lambda: client.get("name"),
            "pipeline": pipeline,
        }
        yield operations[command]


OPERATIONS: dict[str, Callable[[dict[str, Any]], contextlib.AbstractAsyncContextManager[Operation]]]
OPERATIONS = {
    "SELECT 1": lambda address: select(address, "SELECT 1"),
    "SELECT of 100 rows": lambda address: select(address, ROWS),
    "GET": lambda address: redis(address, "get"),
    "pipeline of 100 GET": lambda address: redis(address, "pipeline"),
}


async def measure(request: dict[str, Any]) -> float:
    """Round trips a second of all tasks together, once they are all connected."""
    async with contextlib.AsyncExitStack() as stack:
        connect = OPERATIONS[request["operation"]]
        operations = [
            await stack.enter_async_context(connect(request["address"]))
            for _ in range(request["tasks"])
        ]
        began = perf_counter()
        until = began + request["seconds"]
        counts = await asyncio.gather(*(repeat(operation, until) for operation in operations))
        return sum(counts) / (perf_counter() - began)


async def repeat(operation: Operation, until: float) -> int:
    count = 0
    while perf_counter() < until:
        await operation()
        count += 1
    return count


if __name__ == "__main__":
    worker.serve(sys.argv[1], measure)
