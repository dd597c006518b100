"""Back-pressure: a body that is not read is not taken from the socket; nor is one sent too fast."""

import asyncio
from pathlib import Path

import pytest

MIB = 1024 * 1024


def held():
    """How many bytes may be on the way: as far as the kernel lets a receive buffer grow, and the
    smaller ones of the server's socket and of the client."""
    most = Path("/proc/sys/net/ipv4/tcp_rmem")
    receive = int(most.read_text().split()[2]) if most.exists() else 8 * MIB
    return (receive // MIB + 4) * MIB


HELD = held()
BODY = 3 * HELD


class Sending:
    """A script that sends a long body, and knows how much of it the kernel has taken."""

    def __init__(self, head):
        self.head = head
        self.sent = 0
        self.full = 0  # what was sent when nothing more could be

    def __call__(self, connection):
        connection.request()
        connection.send(self.head)
        piece = bytes(64 * 1024)
        connection.sock.settimeout(0.2)
        while self.sent < BODY:
            try:
                self.sent += connection.sock.send(piece)
            except TimeoutError:
                # Full: nothing goes until the client reads on.
                with connection.server.changed:
                    self.full = self.sent
                    connection.server.changed.notify_all()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY


async def stopped(server, sending, after=0):
    """Wait until the server can't get rid of a byte more, and give how many it sent."""
    await server.until(lambda: sending.full == sending.sent > after)
    return sending.sent


@pytest.mark.parametrize("started", [False, True])
async def test_a_body_that_nobody_reads_stays_where_it_is(session, raw_server, started):
    sending = Sending(HEAD)
    server = raw_server(sending, buffer=256 * 1024)
    async with session.get(server.url()) as got:
        if started:
            assert len(await got.content.read(1000)) == 1000
        # What the kernel's buffers and the client's hold; the rest is with the server.
        assert await stopped(server, sending) < HELD
        count = 1000 if started else 0
        async for piece in got.content.iter_chunked(MIB):
            count += len(piece)
        assert count == BODY


async def test_one_that_is_read_slowly(session, raw_server):
    sending = Sending(HEAD)
    server = raw_server(sending, buffer=256 * 1024)
    async with session.get(server.url()) as got:
        before = await stopped(server, sending)
        await got.content.readexactly(4 * MIB)
        # As much more as was read, and what is on the way besides.
        after = await stopped(server, sending, before)
        assert before < after < 4 * MIB + HELD


@pytest.mark.parametrize("read_bufsize", [1024, 64 * 1024])
async def test_a_small_buffer(loop, client, raw_server, read_bufsize):
    sending = Sending(HEAD)
    server = raw_server(sending, buffer=256 * 1024)
    async with (
        client.ClientSession(read_bufsize=read_bufsize) as session,
        session.get(server.url()) as got,
    ):
        assert await stopped(server, sending) < HELD
        assert await got.content.readexactly(MIB) == bytes(MIB)


async def test_a_body_that_the_server_does_not_take(session, raw_server):
    """The generator is asked for more only when what it gave has gone."""
    taken = []

    def script(connection):
        connection.head()
        with connection.server.changed:
            taken.append("head")
            connection.server.changed.notify_all()
        connection.server.gate.wait(30)
        total = 0
        while total < 16 * MIB:
            total += len(connection.receive(65_536))
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connection.until_closed()

    server = raw_server(script, buffer=256 * 1024)
    given = 0

    async def generator():
        nonlocal given
        for _ in range(256):
            given += 65_536
            yield bytes(65_536)

    headers = {"Content-Length": str(16 * MIB)}
    posting = asyncio.ensure_future(session.post(server.url(), data=generator(), headers=headers))
    await server.until(lambda: taken)
    last = -1
    while given != last:
        last = given
        await asyncio.sleep(0.1)
    assert given < 12 * MIB
    server.gate.set()
    async with await posting as got:
        assert got.status == 200
    assert given == 16 * MIB
