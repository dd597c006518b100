"""`response.content`: each way to read a body as a stream."""

import asyncio

import pytest

from support.http_raw import chunked, response

LINES = b"one\ntwo\n\nthree"
PIECES = (b"first", b"2nd", b"x" * 100_000, b"end")


@pytest.fixture
def content(session, raw_server):
    """A response whose body is this, as an async context manager."""

    def content(body):
        return session.get(raw_server(response(body)).url())

    return content


@pytest.fixture
def in_pieces(session, raw_server):
    """A response in these chunks; each is sent when the one before was surely read."""

    def in_pieces(*pieces):
        return session.get(raw_server(chunked(*pieces)).url())

    return in_pieces


async def test_read_all(content):
    async with content(LINES) as got:
        assert await got.content.read() == LINES
        assert got.content.at_eof()
        assert got.content.is_eof()
        assert await got.content.read() == b""


async def test_read_some(content):
    async with content(LINES) as got:
        assert await got.content.read(3) == b"one"
        assert await got.content.read(0) == b""
        rest = b""
        while data := await got.content.read(4):
            assert len(data) <= 4
            rest += data
        assert rest == LINES[3:]
        assert got.content.at_eof()


async def test_readany(content):
    async with content(bytes(1_000_000)) as got:
        total = 0
        while data := await got.content.readany():
            total += len(data)
        assert total == 1_000_000
        assert await got.content.readany() == b""


async def test_readexactly(content):
    async with content(LINES) as got:
        assert await got.content.readexactly(5) == LINES[:5]
        assert await got.content.readexactly(0) == b""
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await got.content.readexactly(100)
        assert caught.value.partial == LINES[5:]
        assert caught.value.expected == 100


async def test_readline(content):
    async with content(LINES) as got:
        lines = [await got.content.readline() for _ in range(5)]
        assert lines == [b"one\n", b"two\n", b"\n", b"three", b""]


async def test_lines_by_iteration(content):
    async with content(LINES) as got:
        assert [line async for line in got.content] == [b"one\n", b"two\n", b"\n", b"three"]


@pytest.mark.parametrize("separator", [b",", b"--", b"\r\n"])
async def test_readuntil(content, separator):
    async with content(separator.join([b"a", b"bb", b"", b"c"])) as got:
        found = [await got.content.readuntil(separator) for _ in range(5)]
        assert found == [b"a" + separator, b"bb" + separator, separator, b"c", b""]


async def test_readuntil_nothing(content):
    async with content(LINES) as got:
        with pytest.raises(ValueError, match="at least one-byte string"):
            await got.content.readuntil(b"")


async def test_a_separator_across_chunks(in_pieces):
    async with in_pieces(b"a\r", b"\nb\r", b"\r\n", b"c") as got:
        found = [await got.content.readuntil(b"\r\n") for _ in range(4)]
        assert found == [b"a\r\n", b"b\r\r\n", b"c", b""]


async def test_a_line_that_is_too_long(content):
    async with content(b"x" * 100 + b"\n") as got:
        with pytest.raises(Exception, match="10") as caught:
            await got.content.readline(max_line_length=10)
        assert isinstance(caught.value, ValueError) or "LineTooLong" in type(caught.value).__name__


async def test_iter_chunked(content):
    body = bytes(range(256)) * 1000
    async with content(body) as got:
        pieces = [piece async for piece in got.content.iter_chunked(1000)]
        assert b"".join(pieces) == body
        assert max(map(len, pieces)) <= 1000


async def test_iter_any(content):
    body = bytes(range(256)) * 1000
    async with content(body) as got:
        assert b"".join([piece async for piece in got.content.iter_any()]) == body


def shows_chunks(client):
    """Whether it is known where a chunk ends: rondel only knows that there are chunks."""
    return client.__name__ == "aiohttp"


async def test_iter_chunks(client, in_pieces):
    async with in_pieces(*PIECES) as got:
        found, current = [], b""
        async for data, end in got.content.iter_chunks():
            current += data
            if end:
                found.append(current)
                current = b""
        assert current == b""
        assert b"".join(found) == b"".join(PIECES)
        if shows_chunks(client):
            assert found == list(PIECES)


async def test_iter_chunks_of_what_is_in_none(content):
    async with content(LINES) as got:
        found = [pair async for pair in got.content.iter_chunks()]
        assert b"".join(data for data, _ in found) == LINES
        assert {end for _, end in found} == {False}


async def test_readchunk(client, in_pieces):
    async with in_pieces(b"one", b"two") as got:
        found = []
        while True:
            data, end = await got.content.readchunk()
            if not data and not end:
                break
            found.append((data, end))
        assert b"".join(data for data, _ in found) == b"onetwo"
        assert found[-1][1]
        if shows_chunks(client):
            assert sum(end for _, end in found) == 2


async def test_read_nowait(content):
    async with content(b"abc") as got:
        await got.content.wait_eof()
        assert got.content.is_eof()
        assert not got.content.at_eof()
        assert got.content.read_nowait(2) == b"ab"
        assert got.content.read_nowait() == b"c"
        assert got.content.at_eof()


async def test_read_nowait_of_nothing(session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        connection.server.gate.wait(30)
        connection.send(b"abc")
        connection.until_closed()

    server = raw_server(script)
    async with session.get(server.url()) as got:
        assert got.content.read_nowait() == b""
        assert not got.content.at_eof()
        server.gate.set()
        assert await got.content.read() == b"abc"


async def test_mixed(content):
    async with content(b"line\n0123456789rest") as got:
        assert await got.content.readline() == b"line\n"
        assert await got.content.readexactly(4) == b"0123"
        assert await got.content.read(2) == b"45"
        assert await got.content.readuntil(b"8") == b"678"
        assert await got.read() == b"9rest"


async def test_read_after_the_content(content):
    async with content(LINES) as got:
        await got.content.read()
        assert await got.read() == b""


async def test_the_content_after_read(content):
    async with content(LINES) as got:
        assert await got.read() == LINES
        assert got.content.at_eof()
        assert await got.content.read() == b""


async def test_bytes_are_counted(content):
    async with content(LINES) as got:
        await got.content.read()
        assert got.content.total_bytes == len(LINES)


async def test_on_eof(content):
    called = []
    async with content(LINES) as got:
        got.content.on_eof(lambda: called.append("first"))
        await got.content.read()
        assert called == ["first"]
        got.content.on_eof(lambda: called.append("late"))
        assert called == ["first", "late"]


async def test_an_empty_body(content):
    async with content(b"") as got:
        assert await got.content.read() == b""
        assert got.content.at_eof()
        assert [line async for line in got.content] == []
        assert [piece async for piece in got.content.iter_any()] == []


async def test_two_readers(session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        connection.server.gate.wait(30)
        connection.send(b"abc")
        connection.until_closed()

    server = raw_server(script)
    async with session.get(server.url()) as got:
        first = asyncio.ensure_future(got.content.readexactly(3))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="already waiting"):
            await got.content.readexactly(1)
        server.gate.set()
        assert await first == b"abc"


async def test_a_body_that_is_cut(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    async with session.get(raw_server(script).url()) as got:
        assert await got.content.readexactly(4) == b"half"
        with pytest.raises(client.ClientPayloadError, match="Response payload is not completed"):
            await got.content.read(1)
        # It stays so.
        with pytest.raises(client.ClientPayloadError):
            await got.content.read(1)
        assert isinstance(got.content.exception(), client.ClientPayloadError)


@pytest.mark.parametrize("end", [b"", b"5\r\nab", b"0\r\n"])
async def test_chunks_that_are_cut(client, session, raw_server, end):
    def script(connection):
        connection.request()
        connection.send(chunked(b"one", end=end))

    async with session.get(raw_server(script).url()) as got:
        with pytest.raises(client.ClientPayloadError):
            await got.read()


async def test_a_reset_within_the_body(client, session, raw_server):
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.server.gate.wait(30)
        connection.reset()

    server = raw_server(script)
    async with session.get(server.url()) as got:
        assert await got.content.readexactly(4) == b"half"
        server.gate.set()
        with pytest.raises((client.ClientPayloadError, client.ClientOSError)):
            await got.content.read(1)


async def test_a_reader_that_waits_is_told(session, client, raw_server):
    """Released while another task waits for its bytes."""

    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        connection.until_closed()

    got = await session.get(raw_server(script).url())
    reading = asyncio.ensure_future(got.content.read(1))
    await asyncio.sleep(0)
    got.close()
    with pytest.raises(client.ClientConnectionError, match="Connection closed"):
        await reading


async def test_what_a_stream_looks_like(content):
    async with content(LINES) as got:
        assert repr(got.content).startswith("<StreamReader ")
        await got.read()
        assert " eof" in repr(got.content)
