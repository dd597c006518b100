"""The server of datagrams: sends each back to where it came from."""

import asyncio

from soak.ways import HOST


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(data, address)


async def serve() -> asyncio.DatagramTransport:
    """Start it on a free port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, (HOST, 0))
    return transport
