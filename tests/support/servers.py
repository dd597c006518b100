"""A protocol factory for servers under test, and their clients."""

import asyncio
import socket

from support.protocols import Recorder


class Accepting:
    """A protocol factory that keeps what it made, and tells when there are enough."""

    def __init__(self):
        self.made = []
        self.wanted = None

    def __call__(self):
        self.made.append(Recorder())
        if self.wanted and len(self.made) >= self.wanted[0] and not self.wanted[1].done():
            self.wanted[1].set_result(None)
        return self.made[-1]

    async def connections(self, count=1):
        """Wait until so many are connected; give their protocols."""
        if len(self.made) < count:
            self.wanted = (count, asyncio.get_running_loop().create_future())
            await self.wanted[1]
        for protocol in self.made[:count]:
            await protocol.made
        return self.made[:count]


def client_of(server) -> socket.socket:
    """A blocking client of the server."""
    return socket.create_connection(server.sockets[0].getsockname(), timeout=30)
