"""Bodies of several parts, as they are written."""

import base64
import gzip
import io

import pytest

from support.http_multipart import parts
from support.http_raw import OK

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def server(raw_server):
    return raw_server(OK)


async def post(session, server, **options):
    async with session.post(server.url(), **options) as answer:
        assert await answer.read() == b"ok"
    return server.requests[-1]


async def test_mixed(client, session, server):
    with client.MultipartWriter() as writer:
        writer.append("text")
        writer.append(b"bytes", {"Content-Type": "x/y"})
        writer.append_json({"a": 1})
        writer.append_form({"b": "2 3"})
    assert len(writer) == 4
    assert [part.size for part, _, _ in writer] == [4, 5, 8, 5]
    request = await post(session, server, data=writer)
    assert request.get("Content-Type") == f"multipart/mixed; boundary={writer.boundary}"
    assert request.get("Content-Length") == str(len(request.body)) == str(writer.size)
    assert parts(request) == [
        ("Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4", b"text"),
        ("Content-Type: x/y\r\nContent-Length: 5", b"bytes"),
        ("Content-Type: application/json\r\nContent-Length: 8", b'{"a": 1}'),
        (f"Content-Type: {FORM}\r\nContent-Length: 5", b"b=2+3"),
    ]


def test_parts_in_parts(client, loop, write):
    inner = client.MultipartWriter("related", boundary="inner")
    inner.append("deep")
    outer = client.MultipartWriter("mixed", boundary="outer")
    outer.append(inner)
    body = write(outer)
    assert b"--outer\r\nContent-Type: multipart/related; boundary=inner\r\n" in body
    assert body.count(b"--inner") == 2
    assert body.endswith(b"--inner--\r\n\r\n--outer--\r\n")
    assert loop.run_until_complete(outer.as_bytes()) == body
    assert outer.size == len(body)


@pytest.mark.parametrize(
    ("boundary", "quoted"),
    [("simple", "simple"), ("with space", '"with space"'), ('a"b\\c', '"a\\"b\\\\c"')],
)
def test_boundaries(client, boundary, quoted):
    writer = client.MultipartWriter(boundary=boundary)
    assert writer.content_type == f"multipart/mixed; boundary={quoted}"
    assert writer.boundary == boundary


def test_boundaries_that_can_not_be(client):
    with pytest.raises(ValueError, match="boundary should contain ASCII only chars"):
        client.MultipartWriter(boundary="ä")
    with pytest.raises(ValueError, match="boundary value contains invalid characters"):
        client.MultipartWriter(boundary="a\nb")


@pytest.mark.parametrize(
    ("headers", "decode"),
    [
        ({"Content-Transfer-Encoding": "base64"}, base64.b64decode),
        ({"Content-Encoding": "gzip"}, gzip.decompress),
        (
            {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"},
            lambda data: gzip.decompress(base64.b64decode(data)),
        ),
        ({"Content-Transfer-Encoding": "binary"}, bytes),
        ({"Content-Encoding": "identity"}, bytes),
    ],
    ids=["base64", "gzip", "both", "binary", "identity"],
)
def test_parts_are_encoded_as_their_headers_say(client, write, headers, decode):
    writer = client.MultipartWriter(boundary=":")
    part = writer.append(io.BytesIO(b"data" * 1000), headers)
    body = write(writer)
    content = body.removeprefix(b"--:\r\n" + part._binary_headers).removesuffix(b"\r\n--:--\r\n")
    assert decode(content) == b"data" * 1000
    assert (writer.size is None) == (decode is not bytes)


def test_unknown_encodings_of_parts(client):
    writer = client.MultipartWriter()
    with pytest.raises(RuntimeError, match="unknown content encoding: x"):
        writer.append("a", {"Content-Encoding": "x"})
    with pytest.raises(RuntimeError, match="unknown content transfer encoding: x"):
        writer.append("a", {"Content-Transfer-Encoding": "x"})
    with pytest.raises(TypeError, match="Cannot create payload from"):
        writer.append(object())
