"""Content-Encoding: what is decoded, and how much it may become."""

import gzip
import zlib

import pytest

from support.http_raw import OK, chunked, response

TEXT = b"".join(b"%d bottles of beer\n" % number for number in range(5000))


def raw_deflate(data):
    maker = zlib.compressobj(wbits=-15)
    return maker.compress(data) + maker.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
}
# Of the five letters "hello", as the formats' specifications say (RFC 7932, 9.; RFC 8878, 3.1.).
HELLO = {
    "br": b"\x0b\x02\x80hello\x03",
    "zstd": b"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello",
}


@pytest.fixture
def fetch(session, raw_server):
    async def fetch(data, **options):
        async with session.get(raw_server(data).url(), **options) as got:
            return await got.read()

    return fetch


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
async def test_each_coding_in_each_frame(session, raw_server, coding, framing):
    data = CODINGS[coding](TEXT)
    line = f"Content-Encoding: {coding}"
    if framing == "chunked":
        answer = chunked(*(data[at : at + 100] for at in range(0, len(data), 100)), headers=[line])
    elif framing == "length":
        answer = response(data, line)
    else:
        answer = f"HTTP/1.1 200 OK\r\n{line}\r\nConnection: close\r\n\r\n".encode() + data

    def script(connection):
        connection.request()
        connection.send(answer)

    async with session.get(raw_server(script).url()) as got:
        assert await got.read() == TEXT
        assert got.headers["Content-Encoding"] == coding


async def test_deflate_without_its_wrapping(fetch):
    assert await fetch(response(raw_deflate(TEXT), "Content-Encoding: deflate")) == TEXT


async def test_gzip_in_members(fetch):
    data = gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])
    assert await fetch(response(data, "Content-Encoding: gzip")) == TEXT


async def test_names_in_any_case(fetch):
    assert await fetch(response(gzip.compress(TEXT), "Content-Encoding: GZip")) == TEXT


@pytest.mark.rondel_only("aiohttp decodes them with packages that are not everywhere")
@pytest.mark.parametrize("coding", HELLO)
async def test_other_codings(fetch, coding):
    assert await fetch(response(HELLO[coding], f"Content-Encoding: {coding}")) == b"hello"


@pytest.mark.rondel_only("aiohttp decodes them with packages that are not everywhere")
async def test_what_is_accepted(session, raw_server):
    server = raw_server(OK)
    async with session.get(server.url()) as got:
        await got.read()
    assert server.requests[0].get("Accept-Encoding") == "gzip, deflate, br, zstd"


@pytest.mark.rondel_only("aiohttp knows one coding")
async def test_several_codings(fetch):
    data = gzip.compress(zlib.compress(TEXT))
    assert await fetch(response(data, "Content-Encoding: deflate, gzip")) == TEXT


@pytest.mark.parametrize("coding", ["identity", "unknown", "compress"])
async def test_codings_that_are_left_alone(fetch, coding):
    assert await fetch(response(b"as it is", f"Content-Encoding: {coding}")) == b"as it is"


@pytest.mark.parametrize("where", ["session", "request"])
async def test_not_wanted(loop, client, raw_server, where):
    data = gzip.compress(TEXT)
    server = raw_server(response(data, "Content-Encoding: gzip"))
    options = {"auto_decompress": False}
    async with (
        client.ClientSession(**(options if where == "session" else {})) as session,
        session.get(server.url(), **(options if where == "request" else {})) as got,
    ):
        assert await got.read() == data


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_an_empty_body(fetch, coding):
    assert await fetch(response(b"", f"Content-Encoding: {coding}")) == b""
    assert await fetch(response(CODINGS[coding](b""), f"Content-Encoding: {coding}")) == b""


async def test_head_says_it_too(session, raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n")
    async with session.head(server.url()) as got:
        assert await got.read() == b""


async def test_as_a_stream(session, raw_server):
    server = raw_server(response(gzip.compress(TEXT), "Content-Encoding: gzip"))
    async with session.get(server.url()) as got:
        assert [line async for line in got.content] == TEXT.splitlines(keepends=True)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_what_is_no_such_coding(client, session, raw_server, coding):
    await check_refused(client, session, raw_server, coding, b"\x00\x01" + CODINGS[coding](TEXT))


@pytest.mark.rondel_only("aiohttp takes half a gzip for a whole, and half a deflate for no answer")
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_what_is_cut_off(client, session, raw_server, coding):
    data = CODINGS[coding](TEXT)
    await check_refused(client, session, raw_server, coding, data[: len(data) // 2])


async def check_refused(client, session, raw_server, coding, data):
    """This body can't be read, and the next request works."""
    server = raw_server(response(data, f"Content-Encoding: {coding}"))
    async with session.get(server.url()) as got:
        with pytest.raises(client.ClientPayloadError):
            await got.read()
    async with session.get(raw_server(OK).url()) as got:
        assert await got.read() == b"ok"


async def test_a_wrong_check_sum(client, session, raw_server):
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 0xFF
    server = raw_server(response(bytes(data), "Content-Encoding: gzip"))
    async with session.get(server.url()) as got:
        with pytest.raises(client.ClientPayloadError):
            await got.read()


def bomb(size):
    """So many zeros in a thousandth of that."""
    maker = zlib.compressobj(9, wbits=31)
    pieces = [maker.compress(bytes(1_000_000)) for _ in range(size // 1_000_000)]
    return b"".join(pieces) + maker.flush()


@pytest.mark.rondel_only("aiohttp bounds pieces, not what all of them become")
@pytest.mark.parametrize("how", ["read", "stream"])
async def test_a_bomb(client, session, raw_server, how):
    server = raw_server(response(bomb(2_000_000_000), "Content-Encoding: gzip"))
    async with session.get(server.url()) as got:
        with pytest.raises(client.ClientPayloadError, match=r"(?i)decompress|bomb|ratio|times"):
            if how == "read":
                await got.read()
            else:
                async for _ in got.content.iter_chunked(65_536):
                    pass
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_what_is_only_well_compressed_is_no_bomb(fetch):
    data = b"".join(b"%d\n" % (number // 50) for number in range(500_000))
    assert await fetch(response(gzip.compress(data), "Content-Encoding: gzip")) == data
