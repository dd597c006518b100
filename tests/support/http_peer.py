"""A server in a process of its own, for tests of very many requests.

usage: python -m support.http_peer MODE [NUMBER]. Prints its port, and serves until its input ends.
MODE is `answer`: bodies of all sizes, in pieces, some of them late; `reset`: the same, but every
fourth connection is reset at any moment; `together`: nobody is answered until NUMBER wait.
"""

import asyncio
import contextlib
import random
import resource
import socket
import struct
import subprocess
import sys

from support import child
from support.net import HOST

SIZES = (0, 2, 100, 5_000, 70_000, 300_000)


class Peer(asyncio.Protocol):
    """One connection: takes requests with a Content-Length or none, one after the other."""

    def __init__(self, mode: str, number: int, rng: random.Random, waiting: list["Peer"]) -> None:
        self.mode, self.number, self.rng, self.waiting = mode, number, rng, waiting
        self.buffer = b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        if self.mode == "reset" and self.rng.random() < 0.25:
            self.loop.call_later(self.rng.random() * 0.02, self.reset)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            _, _, length = head.lower().partition(b"content-length: ")
            size = int(length.split(b"\r\n")[0] or 0)
            if len(rest) < size:
                return
            self.buffer = rest[size:]
            self.asked()

    def asked(self) -> None:
        if self.mode == "together":
            self.waiting.append(self)
            if len(self.waiting) == self.number:
                for peer in self.waiting:
                    peer.answer(b"x" * 1024)
                self.waiting.clear()
            return
        body = b"x" * self.rng.choice(SIZES)
        if self.rng.random() < 0.3:
            self.loop.call_later(self.rng.random() * 0.01, self.answer, body)
        else:
            self.answer(body)

    def answer(self, body: bytes) -> None:
        if self.transport.is_closing():
            return
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        cut = self.rng.randrange(len(answer)) if self.rng.random() < 0.3 else len(answer)
        self.transport.write(answer[:cut])
        if cut < len(answer):
            # Behind the first piece, with nothing between them but time.
            self.loop.call_later(self.rng.random() * 0.005, self.transport.write, answer[cut:])

    def reset(self) -> None:
        if not self.transport.is_closing():
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


async def serve(mode: str, number: int) -> None:
    rng = random.Random(mode)
    loop = asyncio.get_running_loop()
    waiting: list[Peer] = []
    server = await loop.create_server(
        lambda: Peer(mode, number, rng, waiting), HOST, 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextlib.contextmanager
def running(mode: str, number: int = 0):
    """The server, by its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "support.http_peer", mode, str(number)],
        env=child.environment("asyncio"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield f"http://{HOST}:{process.stdout.readline().strip()}/"
            process.stdin.close()
            assert process.wait(30) == 0
        finally:
            process.kill()


def allow_descriptors() -> None:
    """Let this process open as many as the system allows it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    allow_descriptors()
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
