"""Bodies of requests: bytes, text, forms, JSON, files, generators, compressed and in chunks."""

import asyncio
import contextlib
import gzip
import io
import json
import zlib

import pytest

from support.http_raw import OK, response
from support.net import SECONDS


@pytest.fixture
def server(raw_server):
    return raw_server(OK)


async def post(session, server, **options):
    async with session.post(server.url(), **options) as response:
        assert await response.read() == b"ok"
    return server.requests[-1]


OCTETS = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
DATA = {
    "bytes": (lambda: b"bytes", b"bytes", OCTETS),
    "bytearray": (lambda: bytearray(b"array"), b"array", OCTETS),
    "memoryview": (lambda: memoryview(b"view"), b"view", OCTETS),
    "str": (lambda: "text ä", "text ä".encode(), TEXT),
    "dict": (lambda: {"a": "1", "b": "x y"}, b"a=1&b=x+y", FORM),
    "pairs": (lambda: [("a", "1"), ("a", "2")], b"a=1&a=2", FORM),
    "BytesIO": (lambda: io.BytesIO(b"file"), b"file", OCTETS),
    "StringIO": (lambda: io.StringIO("text ä"), "text ä".encode(), TEXT),
    "nothing": (lambda: b"", b"", OCTETS),
}


@pytest.mark.parametrize("kind", DATA)
async def test_data(session, server, kind):
    make, body, content_type = DATA[kind]
    request = await post(session, server, data=make())
    assert request.body == body
    assert request.get("Content-Type") == content_type
    assert request.get("Content-Length") == str(len(body))


@pytest.mark.parametrize("value", [{"a": [1, None, "ä"]}, [], "", 0, False, {}], ids=repr)
async def test_json(session, server, value):
    request = await post(session, server, json=value)
    assert json.loads(request.body) == value
    assert request.get("Content-Type") == "application/json"
    assert request.get("Content-Length") == str(len(request.body))


async def test_json_that_is_none_is_no_body(session, server):
    request = await post(session, server, json=None)
    assert request.body == b""
    assert request.get("Content-Length") == "0"


async def test_data_and_json(session, server):
    with pytest.raises(ValueError, match="data and json parameters can not be used at the same"):
        await session.post(server.url(), data=b"x", json={})
    with pytest.raises(ValueError, match="data and json parameters can not be used at the same"):
        await session.post(server.url(), data=b"", json=0)


async def test_json_that_is_none(session, server):
    with pytest.raises(TypeError, match="not JSON serializable"):
        await session.post(server.url(), json=object())
    assert server.requests == []


async def test_data_of_no_known_type(session, server):
    with pytest.raises((TypeError, LookupError)):
        await session.post(server.url(), data=object())
    assert server.requests == []


async def test_a_content_type_that_is_said(session, server):
    request = await post(session, server, data=b"<x/>", headers={"Content-Type": "text/xml"})
    assert request.all("Content-Type") == ["text/xml"]


async def test_with_get(session, server):
    async with session.get(server.url(), data=b"body") as response:
        await response.read()
    [request] = server.requests
    assert (request.method, request.body) == ("GET", b"body")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp's
@pytest.mark.parametrize("size", [65_536, 1_000_000, 20_000_000])
async def test_large(session, server, size):
    body = bytes(range(256)) * (size // 256)
    request = await post(session, server, data=body)
    assert request.body == body


async def test_a_file(session, server, tmp_path):
    path = tmp_path / "data.json"
    content = b'{"n": 1}' * 50_000
    path.write_bytes(content)
    with path.open("rb") as file:
        request = await post(session, server, data=file)
    assert request.body == content
    assert request.get("Content-Length") == str(len(content))
    assert request.get("Content-Type") == "application/json"


async def test_a_file_from_where_it_stands(session, server, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        request = await post(session, server, data=file)
    assert request.body == b"456789"


async def pieces(*each):
    for piece in each:
        await asyncio.sleep(0)
        yield piece


@pytest.mark.parametrize("options", [{}, {"chunked": True}], ids=["plain", "chunked"])
@pytest.mark.parametrize("mode", ["wb", "ab", "w"])
async def test_a_file_that_can_not_be_read(client, session, server, tmp_path, mode, options):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open(mode) as file:
        with pytest.raises(client.ClientOSError, match="Can not write request body") as caught:
            await session.post(server.url(), data=file, **options)
        assert isinstance(caught.value.__cause__, io.UnsupportedOperation)
    async with session.get(server.url()) as got:
        assert got.status == 200


async def test_an_async_generator(session, server):
    request = await post(session, server, data=pieces(b"one", b"two", b"", b"three"))
    assert request.body == b"onetwothree"
    assert request.get("Transfer-Encoding") == "chunked"
    assert request.get("Content-Length") is None


async def test_an_async_generator_of_known_length(session, server):
    request = await post(
        session, server, data=pieces(b"one", b"two"), headers={"Content-Length": "6"}
    )
    assert request.body == b"onetwo"
    assert request.get("Content-Length") == "6"
    assert request.get("Transfer-Encoding") is None


async def test_a_generator_of_much(session, server):
    async def much():
        for number in range(200):
            yield bytes([number]) * 65_536

    request = await post(session, server, data=much())
    assert request.body == b"".join(bytes([number]) * 65_536 for number in range(200))


async def test_a_generator_that_fails(client, session, raw_server):
    server = raw_server(lambda connection: connection.until_closed())

    async def failing():
        yield b"one"
        raise KeyError("mine")

    with pytest.raises(client.ClientConnectionError, match="mine") as caught:
        await session.post(server.url(), data=failing())
    assert isinstance(caught.value.__cause__, KeyError)
    await server.until(lambda: server.connections and server.connections[0].closed_by_client)


async def test_a_generator_is_closed(session, server):
    closed = []

    async def watched():
        try:
            yield b"one"
        finally:
            closed.append(True)

    await post(session, server, data=watched())
    assert closed == [True]


@pytest.mark.parametrize("data", [b"bytes", "text", {"a": "1"}], ids=repr)
async def test_chunked(session, server, data):
    request = await post(session, server, data=data, chunked=True)
    assert request.body in (b"bytes", b"text", b"a=1")
    assert request.get("Transfer-Encoding") == "chunked"
    assert request.get("Content-Length") is None


async def test_chunked_without_a_body(session, server):
    request = await post(session, server, chunked=True)
    assert request.body == b""
    # The one as well as the other says that there is none.
    assert (request.get("Transfer-Encoding"), request.get("Content-Length")) in [
        ("chunked", None),
        (None, "0"),
    ]


async def test_a_length_that_is_said(session, server):
    request = await post(session, server, data=b"xyz", headers={"Content-Length": "2"})
    assert request.body == b"xy"
    for value in ("x", "-1", "1.5", ""):
        with pytest.raises(ValueError, match="Invalid Content-Length header"):
            await session.post(server.url(), data=b"xyz", headers={"Content-Length": value})
    assert len(server.requests) == 1


DECODERS = {"deflate": zlib.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize(
    ("compress", "coding"), [(True, "deflate"), ("deflate", "deflate"), ("gzip", "gzip")]
)
@pytest.mark.parametrize("size", [1, 1_000_000])
async def test_compress(session, server, compress, coding, size):
    body = b"x" * size
    request = await post(session, server, data=body, compress=compress)
    assert request.get("Content-Encoding") == coding
    assert request.get("Transfer-Encoding") == "chunked"
    assert DECODERS[coding](request.body) == body


async def test_compress_of_nothing(session, server):
    request = await post(session, server, compress=True)
    assert request.get("Content-Encoding") is None
    assert request.get("Content-Length") == "0"


async def test_what_does_not_go_together(session, server):
    with pytest.raises(ValueError, match="compress can not be set if Content-Encoding header"):
        await session.post(
            server.url(), data=b"x", compress=True, headers={"Content-Encoding": "gzip"}
        )
    with pytest.raises(ValueError, match="chunked can not be set if Content-Length header is set"):
        await session.post(server.url(), data=b"x", chunked=True, headers={"Content-Length": "1"})
    with pytest.raises(ValueError, match='chunked can not be set if "Transfer-Encoding: chunked"'):
        await session.post(
            server.url(), data=b"x", chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
    assert server.requests == []


async def test_expect_100(session, raw_server):
    order = []

    def script(connection):
        head = connection.head()
        order.append(head.get("Expect"))
        # The client waits: nothing of the body has come.
        connection.sock.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            order.append(connection.receive(1))
        connection.sock.settimeout(SECONDS)
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        order.append(connection.receive(4))
        connection.send(OK)
        connection.until_closed()

    server = raw_server(script)
    async with session.post(server.url(), data=b"body", expect100=True) as response:
        assert response.status == 200
        assert await response.read() == b"ok"
    assert order == ["100-continue", b"body"]


async def test_expect_100_is_refused(session, raw_server):
    def script(connection):
        connection.head()
        connection.send(
            b"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        assert connection.until_closed() == b""

    server = raw_server(script)
    async with session.post(server.url(), data=b"body", expect100=True) as response:
        assert response.status == 417


async def test_expect_100_of_a_real_server(session, http_server):
    async with session.post(http_server.url(), data=b"body", expect100=True) as response:
        assert (await response.json())["body"] == "body"


async def test_an_answer_before_the_end_of_the_body(session, raw_server):
    """A server that refuses what is too large answers at once, and closes."""

    def script(connection):
        connection.head()
        connection.send(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
        )
        connection.until_closed()

    server = raw_server(script)

    async def endless():
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    async with session.post(server.url(), data=endless()) as response:
        assert response.status == 413
        assert await response.content.readexactly(2) == b"no"


@pytest.mark.parametrize("body", [b"", b"no"])
@pytest.mark.parametrize("read", [False, True])
async def test_an_upload_ends_with_its_answer(session, raw_server, read, body):
    """A server that says all before it has all: the rest of the body is not asked for."""

    def script(connection):
        connection.head()
        connection.send(response(body))
        connection.until_closed()

    server = raw_server(script)
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0)
        finally:
            closed.set()

    async with session.post(server.url(), data=endless()) as got:
        assert got.status == 200
        if read:
            assert await got.read() == body
    await asyncio.wait_for(closed.wait(), SECONDS)
    await server.until(lambda: server.connections[0].closed_by_client)


async def test_interim_answers_are_passed_over(session, raw_server):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    server = raw_server(early + b"HTTP/1.1 102 Processing\r\n\r\n" + OK)
    async with session.get(server.url()) as response:
        assert response.status == 200
        assert "Link" not in response.headers
        assert await response.read() == b"ok"
