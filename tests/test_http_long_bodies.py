"""Bodies of known length that are too long to come with their head."""

import asyncio

import pytest

LONG = 3_000_000
BODY = bytes(range(250)) * (LONG // 250)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LONG


class Halves:
    """A script: half of the body, and the rest when the gate is open; as often as it is asked."""

    def __init__(self, end=LONG, behind=b""):
        self.end = end
        self.behind = behind

    def __call__(self, connection):
        while connection.request() is not None:
            connection.send(HEAD + BODY[: LONG // 2])
            connection.server.gate.wait(30)
            connection.send(BODY[LONG // 2 : self.end] + self.behind)
            if self.end < LONG:
                return


@pytest.fixture
def halves(raw_server):
    return raw_server(Halves())


async def test_read(session, halves):
    halves.gate.set()
    for _ in range(3):
        async with session.get(halves.url()) as got:
            assert await got.read() == BODY
            assert got.content.total_bytes == LONG
    assert len(halves.connections) == 1


@pytest.mark.parametrize("size", [1, 1000, 65_536, LONG])
async def test_pieces(session, halves, size):
    halves.gate.set()
    async with session.get(halves.url()) as got:
        count = 0
        async for piece in got.content.iter_chunked(size):
            assert 0 < len(piece) <= size
            assert piece == BODY[count : count + len(piece)]
            count += len(piece)
            if count > 100_000:
                break
        assert await got.content.read() == BODY[count:]


@pytest.mark.filterwarnings("ignore:unread_data")
async def test_all_ways_in_turn(session, halves):
    halves.gate.set()
    async with session.get(halves.url()) as got:
        content = got.content
        data = await content.readexactly(1000)
        data += await content.readany()
        data += await content.read(100_000)
        data += await content.readuntil(b"\xf9")
        data += (await content.readchunk())[0]
        data += content.read_nowait()
        content.unread_data(data[-5:])
        data = data[:-5] + await content.read()
        assert data == BODY
        assert content.at_eof()
        assert await content.read() == b""
        assert await content.readany() == b""


async def test_a_pause(session, halves):
    async with session.get(halves.url()) as got:
        reading = asyncio.ensure_future(got.read())
        await asyncio.sleep(0.05)
        assert not reading.done()
        halves.gate.set()
        assert await reading == BODY


@pytest.mark.parametrize("way", ["read", "content"])
async def test_a_cut(session, raw_server, client, way):
    server = raw_server(Halves(end=LONG - 1))
    server.gate.set()
    async with session.get(server.url()) as got:
        with pytest.raises(client.ClientPayloadError):
            await (got.read() if way == "read" else got.content.read())
    server = raw_server(Halves(end=LONG - 1))
    server.gate.set()
    async with session.get(server.url()) as got:
        count = 0
        with pytest.raises(client.ClientPayloadError):
            async for piece in got.content.iter_any():
                count += len(piece)
        assert count <= LONG - 1


@pytest.mark.rondel_only("aiohttp takes them for the next answer")
async def test_bytes_behind(session, raw_server):
    """They are never taken for the next answer."""
    server = raw_server(Halves(behind=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"))
    server.gate.set()
    for _ in range(3):
        async with session.get(server.url()) as got:
            assert await got.read() == BODY


async def test_cancelled(session, halves):
    async with session.get(halves.url()) as got:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(got.read(), 0.05)
    halves.gate.set()
    async with session.get(halves.url()) as got:
        assert await got.read() == BODY


@pytest.mark.rondel_only("what a read that is given up has received is lost in aiohttp")
async def test_what_a_cancelled_read_has_received_is_kept(session, halves):
    async with session.get(halves.url()) as got:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(got.content.read(), 0.05)
        halves.gate.set()
        assert await got.content.read() == BODY


async def test_a_length_that_nobody_has_memory_for(session, raw_server, client):
    """It is no reason to take any before the bytes are there."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000\r\n\r\n" + BODY)

    server = raw_server(script)
    async with session.get(server.url()) as got:
        with pytest.raises(client.ClientPayloadError):
            await got.read()


async def test_a_head_that_asks_to_close(session, raw_server):
    def script(connection):
        connection.request()
        connection.send(HEAD.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n") + BODY)
        connection.until_closed()

    server = raw_server(script)
    for number in (1, 2):
        async with session.get(server.url()) as got:
            assert await got.read() == BODY
        assert len(server.connections) == number


async def test_a_silence(loop, client, halves):
    async with (
        client.ClientSession(timeout=client.ClientTimeout(sock_read=0.1)) as session,
        session.get(halves.url()) as got,
    ):
        with pytest.raises(client.SocketTimeoutError):
            await got.read()
