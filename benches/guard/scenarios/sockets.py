"""Messages and their echoes, by the loop's sock_* methods."""

import asyncio
import contextlib

from benches.guard.scenarios import ends
from benches.guard.scenarios.ends import KB, MESSAGES
from benches.guard.scenarios.registry import scenario

READ = 64 * KB


def sock(name, about, size, waiting):
    @scenario(name, about, MESSAGES)
    @contextlib.asynccontextmanager
    async def echo():
        loop = asyncio.get_running_loop()
        with ends.tcp() as listener:
            peer = ends.connected(listener, size)
            connection, _ = listener.accept()
        connection.setblocking(False)

        async def run(count):
            left = count * size
            while left:
                if not waiting:
                    peer.send()
                elif left % size == 0:
                    loop.call_soon(peer.send)  # it comes when the call below has found nothing
                data = await loop.sock_recv(connection, READ)
                await loop.sock_sendall(connection, data)
                left -= len(data)
                if left % size == 0:
                    peer.receive()

        with connection:
            yield run


sock("sock-1k", "echo of 1 KB by sock_recv, which has to wait, and sock_sendall", KB, True)
sock("sock-1k-there", "the same of a message that is there already", KB, False)
sock("sock-100k", "echo of 100 KB, by the first", 100 * KB, True)
