"""UDP with both ends in one loop."""

import asyncio
from time import perf_counter
from typing import cast

from benches.micro.registry import benchmark

MESSAGE = b"x" * 512


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.transport.sendto(data, address)


class Sender(asyncio.DatagramProtocol):
    """Sends the message `count` times, each when the one before has come back."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        self._left -= 1
        if self._left:
            self.transport.sendto(data)
        else:
            self.done.set_result(None)


@benchmark("UDP echo, 512 bytes", 10_000, headline=True)
async def echo(count: int) -> float:
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    address = server.get_extra_info("sockname")
    client, sender = await loop.create_datagram_endpoint(lambda: Sender(count), remote_addr=address)
    began = perf_counter()
    client.sendto(MESSAGE)
    await sender.done
    took = perf_counter() - began
    client.close()
    server.close()
    return took
