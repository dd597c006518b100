"""The ways from one end to another: each has a server that takes orders, and can connect to it."""

import asyncio
import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

from soak import tls

HOST = "127.0.0.1"
Factory = Callable[[], asyncio.BaseProtocol]


@dataclasses.dataclass
class Way:
    """A server, and how to reach it."""

    name: str
    server: asyncio.Server
    connect: Callable[[Factory], Any]
    encrypted: bool = False  # one end can't stop writing and go on reading, then

    async def close(self) -> None:
        """Stop the server; its connections have ended."""
        self.server.close()
        await self.server.wait_closed()


async def tcp(factory: Factory, _: pathlib.Path) -> Way:
    """Over TCP, on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, HOST, 0, backlog=1024)
    address = server.sockets[0].getsockname()
    return Way("tcp", server, lambda factory: loop.create_connection(factory, *address))


async def unix(factory: Factory, folder: pathlib.Path) -> Way:
    """Over a Unix socket."""
    loop = asyncio.get_running_loop()
    path = str(folder / "unix")
    server = await loop.create_unix_server(factory, path, backlog=1024)
    return Way("unix", server, lambda factory: loop.create_unix_connection(factory, path))


async def tls_tcp(factory: Factory, _: pathlib.Path) -> Way:
    """TLS over TCP."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, HOST, 0, backlog=1024, ssl=tls.server_context())
    address = server.sockets[0].getsockname()
    how = {"ssl": tls.client_context(), "server_hostname": tls.NAME}
    return Way(
        "tls", server, lambda factory: loop.create_connection(factory, *address, **how), True
    )


async def tls_unix(factory: Factory, folder: pathlib.Path) -> Way:
    """TLS over a Unix socket."""
    loop = asyncio.get_running_loop()
    path = str(folder / "tls")
    server = await loop.create_unix_server(factory, path, backlog=1024, ssl=tls.server_context())
    how = {"ssl": tls.client_context(), "server_hostname": tls.NAME}
    return Way(
        "tls, unix", server, lambda factory: loop.create_unix_connection(factory, path, **how), True
    )


ALL = (tcp, unix, tls_tcp, tls_unix)
STOCK = (tcp,)
