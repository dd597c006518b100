"""What the actors of one run share."""

import asyncio
import collections
import contextlib
import pathlib
import random
import weakref
from collections.abc import AsyncIterator
from typing import Any

from soak.actor import some_bytes
from soak.settings import Settings
from soak.ways import Way

# As many children at once as keep the cores busy; more would only take turns.
CHILDREN = 8
# As many datagrams under way as the kernel keeps for one socket.
SENDERS = 8
# Bytes of the file that is sent.
FILE = 1 << 20


class World:
    """The loop, the servers, and what has been counted."""

    def __init__(self, settings: Settings, folder: pathlib.Path) -> None:
        self.settings = settings
        self.folder = folder
        self.loop = asyncio.get_running_loop()
        self.counts: collections.Counter[str] = collections.Counter()
        self.ways: list[Way] = []
        # The server of datagrams.
        self.udp: asyncio.DatagramTransport | None = None
        self.senders = asyncio.Semaphore(SENDERS)
        self.children = asyncio.Semaphore(CHILDREN)
        self.file = folder / "file"
        self.file.write_bytes(some_bytes(random.Random(1), FILE))
        # Each transport and protocol of a connection, for what the collector does not see.
        self.made: weakref.WeakSet[Any] = weakref.WeakSet()
        self._live = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextlib.contextmanager
    def serving(self):
        """A connection at its server's end, for as long as it lasts."""
        self.began()
        try:
            yield
        finally:
            self.ended()

    def began(self) -> None:
        """A server has a connection more."""
        self.counts["accepted"] += 1
        self._live += 1
        self._quiet.clear()

    def ended(self) -> None:
        """A server has a connection less."""
        self._live -= 1
        if not self._live:
            self._quiet.set()

    async def quiet(self) -> None:
        """Wait until no server has a connection."""
        await self._quiet.wait()

    async def connect(self, way: Way, factory) -> tuple[asyncio.Transport, Any]:
        """Connect to the server of this way that `factory` is for: streams or plain protocols."""
        transport, protocol = await way.connect(factory)
        self.counts["connections"] += 1
        self.made.update((transport, protocol))
        return transport, protocol

    @contextlib.asynccontextmanager
    async def conversation(
        self, way: Way, order: str
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect to the server that takes orders (servers.py), and give it one."""
        reader = asyncio.StreamReader(loop=self.loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self.loop)
        transport, _ = await self.connect(way, lambda: protocol)
        writer = asyncio.StreamWriter(transport, protocol, reader, self.loop)
        try:
            writer.write(order.encode() + b"\n")
            yield reader, writer
        except BaseException:
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
