"""A server that holds idle connections and counts what they cost.

usage: python -m benches.programs.idle_server LOOP protocol|streams CONNECTIONS STEP

Listens on a free port of 127.0.0.1. Prints a line of JSON each: the port; {} whenever STEP more
connections have been made; its figures when all CONNECTIONS are open, and when all are closed.
Ends then.
"""

import asyncio
import gc
import json
import os
import sys
import time

from benches import loops

BACKLOG = 4096
CLEARED_WITHIN = 2.0  # seconds; what has not gone by then is left over


def resident() -> int:
    """Bytes of this process that are in memory. proc(5): smaps_rollup is exact, statm is not."""
    with open("/proc/self/smaps_rollup") as file:
        for line in file:
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
    raise OSError("/proc/self/smaps_rollup has no line Rss")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Census:
    """Who comes and goes."""

    def __init__(self, expected: int, step: int) -> None:
        self.all_open = asyncio.Event()
        self.all_closed = asyncio.Event()
        self.kinds: set[type] = set()  # of the objects that each connection is made of
        self._expected = expected
        self._step = step
        self._came = 0
        self._gone = 0

    def come(self, *parts: object) -> None:
        self.kinds.update(map(type, parts))
        self._came += 1
        if self._came == self._expected:
            self.all_open.set()
        elif self._came % self._step == 0:
            tell()

    def go(self) -> None:
        self._gone += 1
        if self._gone == self._expected:
            self.all_closed.set()

    def objects(self) -> int:
        """How many parts of connections there are, of those that garbage collection sees."""
        return sum(type(each) in self.kinds for each in gc.get_objects())


class Idle(asyncio.Protocol):
    def __init__(self, census: Census) -> None:
        self.census = census

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.census.come(self, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.census.go()


async def hold(census: Census, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    census.come(reader, writer, writer.transport, writer.transport.get_protocol())
    await reader.read()
    writer.close()
    await writer.wait_closed()
    census.go()


def tell(**figures: int) -> None:
    print(json.dumps(figures), flush=True)


async def listen(mode: str, census: Census) -> asyncio.Server:
    if mode == "streams":

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await hold(census, reader, writer)

        return await asyncio.start_server(handle, "127.0.0.1", 0, backlog=BACKLOG)
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Idle(census), "127.0.0.1", 0, backlog=BACKLOG)


async def cleared(census: Census, descriptors_before: int) -> tuple[int, int]:
    """Descriptors and objects that are left: what the last turns release is waited for."""
    deadline = time.monotonic() + CLEARED_WITHIN
    while True:
        gc.collect()
        left = descriptors() - descriptors_before, census.objects()
        if not any(left) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.02)


async def serve(mode: str, connections: int, step: int) -> None:
    census = Census(connections, step)
    server = await listen(mode, census)
    tell(port=server.sockets[0].getsockname()[1])
    gc.collect()
    memory, files = resident(), descriptors()
    await census.all_open.wait()
    gc.collect()
    tell(memory=resident() - memory, resident=resident())
    await census.all_closed.wait()
    files_left, objects_left = await cleared(census, files)
    tell(descriptors=files_left, objects=objects_left, resident=resident())
    server.close()


def main(loop: str, mode: str, connections: str, step: str) -> None:
    with asyncio.Runner(loop_factory=loops.factory(loop)) as runner:
        runner.run(serve(mode, int(connections), int(step)))


if __name__ == "__main__":
    main(*sys.argv[1:])
