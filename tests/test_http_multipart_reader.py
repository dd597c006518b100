"""Bodies of several parts, as they are read."""

import asyncio
import base64
import gzip

import pytest
from multidict import CIMultiDict

from support.http_multipart import Stream
from support.http_raw import response

# aiohttp's reader calls what aiohttp's streams deprecate.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")


BODY = (
    b"preamble\r\n"
    b"--:\r\n"
    b"Content-Type: text/plain; charset=latin-1\r\n"
    b'Content-Disposition: form-data; name="first"; filename="a b.txt"\r\n'
    b"\r\n"
    b"line 1\r\nline 2 \xe4\r\n--not\r\n"
    b"\r\n--:\r\n"
    b"Content-Length: 2\r\nContent-Type: application/json\r\n"
    b"\r\n"
    b"{}"
    b"\r\n--:\r\n"
    b"\r\n"
    b"--:--\r\n"
    b"epilogue"
)


def reader(client, body, size=7, kind="mixed", **options):
    headers = CIMultiDict({"Content-Type": f"multipart/{kind}; boundary=:"})
    if client.__name__ == "aiohttp":
        stream = client.StreamReader(_Protocol(), 2**16, loop=asyncio.get_running_loop())
        for start in range(0, len(body), size):
            stream.feed_data(body[start : start + size])
        stream.feed_eof()
        return client.MultipartReader(headers, stream, **options)
    return client.MultipartReader(headers, Stream(body, size), **options)


class _Protocol:
    _reading_paused = False

    def pause_reading(self):
        self._reading_paused = True

    def resume_reading(self, resume_parser=True):
        self._reading_paused = False


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
async def test_reading(client, loop, size):
    body = reader(client, BODY, size)
    first = await body.next()
    assert (first.name, first.filename) == ("first", "a b.txt")
    assert await first.text() == "line 1\r\nline 2 ä\r\n--not\r\n"
    assert first.at_eof()
    second = await body.next()
    assert await second.json() == {}
    third = await body.next()
    assert await third.read() == b""
    assert await body.next() is None
    assert body.at_eof()


@pytest.mark.parametrize("size", [1, 5, 10_000])
async def test_reading_lines(client, loop, size):
    first = await reader(client, BODY, size).next()
    lines = []
    while line := await first.readline():
        lines.append(line)
    assert b"".join(lines) == b"line 1\r\nline 2 \xe4\r\n--not\r\n"
    assert lines[0] == b"line 1\r\n"


async def test_what_is_not_read_is_passed_over(client, loop):
    body = reader(client, BODY)
    kinds = [part.headers.get("Content-Type") async for part in body]
    assert kinds == ["text/plain; charset=latin-1", "application/json", None]


async def test_reading_pieces(client, loop):
    content = bytes(range(256)) * 1000
    text = b"--:\r\n\r\n" + content + b"\r\n--:--\r\n"
    part = await reader(client, text, 1000).next()
    pieces = []
    while piece := await part.read_chunk(777):
        assert len(piece) <= 777
        pieces.append(piece)
    assert b"".join(pieces) == content


async def test_reading_what_is_encoded(client, loop):
    content = b"some data, " * 500
    text = b"".join(
        (
            b"--:\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            base64.encodebytes(content),
            b"\r\n--:\r\nContent-Encoding: gzip\r\n\r\n",
            gzip.compress(content),
            b"\r\n--:\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4=\r\n!",
            b"\r\n--:--\r\n",
        )
    )
    body = reader(client, text, 100)
    for _ in range(2):
        part = await body.next()
        assert await part.read(decode=True) == content
    part = await body.next()
    assert await part.text(encoding="latin-1") == "ä!"


@pytest.mark.parametrize("size", [1, 3, 100, 10_000])
async def test_reading_pieces_of_base64(client, loop, size):
    content = b"some data, " * 500
    head = b"--:\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    text = head + base64.encodebytes(content) + b"\r\n--:--\r\n"
    part = await reader(client, text, size).next()
    decoded = bytearray()
    while piece := await part.read_chunk(50):
        decoded += part.decode(piece)
    assert decoded == content


@pytest.mark.rondel_only("aiohttp's pieces are longer than the boundary")
async def test_reading_bytes_that_are_no_base64(client, loop):
    content = b"A\n" + b"\n" * 100_000
    text = b"--:\r\nContent-Transfer-Encoding: base64\r\n\r\n" + content + b"\r\n--:--\r\n"
    part = await reader(client, text, 10_000).next()
    pieces = []
    while piece := await part.read_chunk(1):
        assert len(piece) < 2000
        pieces.append(piece)
    assert b"".join(pieces) == content


async def test_many_short_lines(client, loop):
    part = await reader(client, b"--:\r\n\r\n" + b"\n" * 50_000 + b"\r\n--:--\r\n", 2**16).next()
    count = 0
    while await part.readline():
        count += 1
    assert count == 50_000


async def test_reading_forms(client, loop):
    text = (
        b'--:\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nlatin-1'
        b'\r\n--:\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xe4'
        b'\r\n--:\r\nContent-Disposition: form-data; name="b"\r\n\r\nx=1&y=+2'
        b"\r\n--:--\r\n"
    )
    body = reader(client, text, kind="form-data")
    part = await body.next()
    assert (part.name, await part.text()) == ("a", "ä")
    part = await body.next()
    assert await part.form() == [("x", "1"), ("y", " 2")]


@pytest.mark.rondel_only("aiohttp looks for another part behind the last one")
async def test_a_form_of_nothing_but_its_charset(client, loop):
    head = b'--:\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n'
    body = reader(client, head + b"latin-1\r\n--:--\r\n", kind="form-data")
    assert await body.next() is None
    assert body.at_eof()
    body = reader(client, head + b"x" * 32 + b"\r\n--:--\r\n", kind="form-data")
    with pytest.raises(RuntimeError, match="Invalid default charset"):
        await body.next()


async def test_reading_parts_in_parts(client, loop):
    text = (
        b"--:\r\nContent-Type: multipart/related; boundary=in\r\n\r\n"
        b"--in\r\n\r\none\r\n--in\r\n\r\ntwo\r\n--in--\r\n"
        b"\r\n--:\r\n\r\nlast\r\n--:--\r\n"
    )
    body = reader(client, text)
    inner = await body.next()
    assert isinstance(inner, client.MultipartReader)
    assert [await part.text() async for part in inner] == ["one", "two"]
    assert await (await body.next()).text() == "last"
    assert await body.next() is None
    body = reader(client, text)
    await body.next()
    assert await (await body.next()).text() == "last"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nothing at all\r\n",
        b"--:\r\n\r\nno end",
        b"--:\r\nContent-Length: 99\r\n\r\n12\r\n--:--\r\n",
    ],
    ids=["empty", "no boundary", "no end", "length"],
)
async def test_malformed_bodies(client, loop, text):
    body = reader(client, text)
    with pytest.raises(ValueError):  # noqa: PT011  in different words
        async for part in body:
            await part.read()


async def test_a_part_has_a_maximum_if_that_is_wanted(client, loop):
    text = b"--:\r\n\r\n" + b"x" * 50_000 + b"\r\n--:--\r\n"
    part = await reader(client, text, client_max_size=10_000).next()
    with pytest.raises(ValueError, match="10000"):
        await part.read()


async def test_the_parts_of_a_response(client, session, raw_server):
    kind = "Content-Type: multipart/mixed; boundary=:"
    server = raw_server(response(BODY.removesuffix(b"epilogue"), kind))
    async with session.get(server.url()) as answer:
        body = client.MultipartReader.from_response(answer)
        texts = [await part.text() async for part in body]
        assert texts == ["line 1\r\nline 2 ä\r\n--not\r\n", "{}", ""]
        assert body.at_eof()
    async with session.get(server.url()) as answer:
        await answer.read()
    # The connection is used again.
    assert len(server.connections) == 1
