"""The ways from one end to another: each has a server and can connect to it."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
Factory = Callable[[], asyncio.BaseProtocol]


@dataclasses.dataclass
class Way:
    """A server that takes orders, and how to reach it."""

    name: str
    server: asyncio.Server
    connect: Callable[[Factory], Any]
    half_close: bool = True  # whether one end may stop writing and go on reading

    async def close(self) -> None:
        """Stop the server; its connections have ended."""
        self.server.close()
        await self.server.wait_closed()


async def tcp(factory: Factory) -> Way:
    """Over TCP, on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, HOST, 0, backlog=1024)
    address = server.sockets[0].getsockname()
    return Way("tcp", server, lambda factory: loop.create_connection(factory, *address))


ALL = (tcp,)
