"""Messages and their echoes, by protocols."""

import asyncio
import contextlib
import socket

from rondel_guard import Peer

from benches.guard.scenarios import ends
from benches.guard.scenarios.ends import KB, MESSAGES
from benches.guard.scenarios.registry import scenario

READ = 64 * KB
PIECES = 8


class Echo(asyncio.Protocol):
    peer: Peer
    done: asyncio.Future

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)
        if self.peer.echoed(data):
            self.done.set_result(None)


class PiecewiseEcho(Echo):
    """Answers by many small writes."""

    def data_received(self, data):
        piece = data[: len(data) // PIECES]
        for _ in range(PIECES):
            self.transport.write(piece)
        # What the loop has held back is out when the next turn runs.
        asyncio.get_running_loop().call_soon(self.answered, data)

    def answered(self, data):
        if self.peer.echoed(data):
            self.done.set_result(None)


class BufferedEcho(asyncio.BufferedProtocol):
    peer: Peer
    done: asyncio.Future

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = memoryview(bytearray(READ))

    def get_buffer(self, size_hint):
        return self.buffer

    def buffer_updated(self, count):
        data = self.buffer[:count]
        self.transport.write(data)
        if self.peer.echoed(data):
            self.done.set_result(None)


class DatagramEcho(asyncio.DatagramProtocol):
    peer: Peer
    done: asyncio.Future

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)
        if self.peer.echoed(data):
            self.done.set_result(None)


def exchanged(pairs):
    """Each of the peers has its share of the messages echoed, all at the same time."""

    async def run(count):
        loop = asyncio.get_running_loop()
        waiters = []
        for peer, protocol in pairs:
            protocol.peer, protocol.done = peer, loop.create_future()
            waiters.append(protocol.done)
            peer.begin(count // len(pairs))
        for waiter in waiters:
            await waiter

    return run


def stream(name, about, listener, factory, size, operations=MESSAGES, connections=1):
    @scenario(name, about, operations)
    @contextlib.asynccontextmanager
    async def echo():
        async with ends.accepted(listener(), factory, connections, size) as pairs:
            yield exchanged(pairs)


stream("tcp-1k", "echo of 1 KB, by a Protocol", ends.tcp, Echo, KB)
stream(
    "tcp-1k-ten",
    "the same on ten connections, all of them ready",
    ends.tcp,
    Echo,
    KB,
    10 * MESSAGES,
    10,
)
stream("tcp-100k", "echo of 100 KB, by a Protocol", ends.tcp, Echo, 100 * KB)
stream("buffered-1k", "echo of 1 KB, by a BufferedProtocol", ends.tcp, BufferedEcho, KB)
stream("buffered-100k", "echo of 100 KB, by the same", ends.tcp, BufferedEcho, 100 * KB)
stream("pieces-1k", "answer to 1 KB in eight writes", ends.tcp, PiecewiseEcho, KB)
stream("unix-1k", "echo of 1 KB over a Unix socket, by a Protocol", ends.unix, Echo, KB)


@scenario("udp-1k", "echo of a datagram of 1 KB", MESSAGES)
@contextlib.asynccontextmanager
async def udp():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        DatagramEcho, local_addr=(ends.HOST, 0)
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(transport.get_extra_info("sockname"))
        yield exchanged([(Peer(sock.fileno(), KB), protocol)])
    transport.abort()
