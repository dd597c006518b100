"""Forms and bodies of several parts: how they are written, and how they are read."""

import asyncio
import base64
import gzip
import io
import json
import warnings

import pytest
from multidict import CIMultiDict, MultiDict

from support.http_raw import OK, response

# aiohttp's reader calls what aiohttp's streams deprecate.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")

FORM = "application/x-www-form-urlencoded"


class Writer:
    """Takes what a body writes."""

    def __init__(self):
        self.data = bytearray()

    async def write(self, chunk):
        self.data += chunk


class Stream:
    """What a body is read from, in small pieces."""

    def __init__(self, data, size=7):
        self.data, self.size = data, size

    async def read(self, n=-1):
        count = self.size if n < 0 else min(n, self.size)
        piece, self.data = self.data[:count], self.data[count:]
        return piece


@pytest.fixture
def write(loop):
    """`write(payload)` gives all that it writes."""

    def write(payload, *length):
        writer = Writer()
        method = payload.write_with_length if length else payload.write
        loop.run_until_complete(method(writer, *length))
        return bytes(writer.data)

    return write


@pytest.fixture
def server(raw_server):
    return raw_server(OK)


async def post(session, server, **options):
    async with session.post(server.url(), **options) as answer:
        assert await answer.read() == b"ok"
    return server.requests[-1]


def parts(request):
    """The parts of a body that was received: pairs of head and content."""
    kind, _, boundary = request.get("Content-Type").partition("; boundary=")
    assert kind.startswith("multipart/")
    start, *found, end = request.body.split(b"--" + boundary.encode())
    assert (start, end) == (b"", b"--\r\n")
    pairs = []
    for part in found:
        assert part.startswith(b"\r\n") and part.endswith(b"\r\n")
        head, _, content = part[2:-2].partition(b"\r\n\r\n")
        pairs.append((head.decode(), content))
    return pairs


FIELDS = {
    "dict": lambda: {"a": "1", "b": "x y&z"},
    "pairs": lambda: [("a", "1"), ("b", "x y&z")],
    "tuple": lambda: (("a", "1"), ("b", "x y&z")),
    "multidict": lambda: MultiDict([("a", "1"), ("b", "x y&z")]),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_texts_are_url_encoded(client, write, kind):
    form = client.FormData(FIELDS[kind]())
    assert not form.is_multipart
    body = form()
    assert body.content_type == FORM
    assert write(body) == b"a=1&b=x+y%26z"
    assert body.size == 13


def test_url_encoding_of_several_values_and_charsets(client, write):
    body = client.FormData([("a", ["1", "2"]), ("ä", "ö")], charset="latin-1")()
    assert body.content_type == f"{FORM}; charset=latin-1"
    assert write(body) == b"a=1&a=2&%E4=%F6"


def test_what_makes_a_form_multipart(client):
    def is_multipart(**options):
        form = client.FormData()
        form.add_field("name", "value", **options)
        return form.is_multipart

    assert not is_multipart()
    assert is_multipart(content_type="text/plain")
    assert is_multipart(filename="x")
    assert client.FormData({"f": io.BytesIO()}).is_multipart
    assert client.FormData(default_to_multipart=True).is_multipart
    with pytest.warns(DeprecationWarning, match="content_transfer_encoding is deprecated"):
        assert is_multipart(content_transfer_encoding="base64")


def test_bytes_make_a_file(client):
    form = client.FormData()
    with pytest.warns(DeprecationWarning, match="passing bytes will no longer create a file"):
        form.add_field("name", b"value")
    assert form.is_multipart
    form.add_field("name", b"value", filename="x")


@pytest.mark.parametrize("option", ["content_type", "filename", "content_transfer_encoding"])
def test_options_of_fields_are_texts(client, option):
    with pytest.raises(TypeError, match=f"{option} must be an instance of str. Got: 1"):
        client.FormData().add_field("name", "value", **{option: 1})


@pytest.mark.parametrize("fields", [[1], ["text"], [("a",)], [("a", "b", "c")], 5, "text"])
def test_what_is_no_field(client, fields):
    with pytest.raises(TypeError, match=r"Only io\.IOBase, multidict and"):
        client.FormData(fields)


@pytest.mark.parametrize(
    "options", [{"name": "a\r\nb"}, {"filename": "a\nb"}, {"content_type": "a\0"}]
)
def test_what_would_end_a_header_is_refused(client, options):
    with pytest.raises(ValueError, match="Forbidden control character detected in headers"):
        client.FormData().add_field(**{"name": "n", "value": "v", **options})


def test_a_value_that_can_not_be_sent(client):
    form = client.FormData({"a": object()}, default_to_multipart=True)
    with pytest.raises(TypeError, match="Can not serialize value type"):
        form()


async def test_multipart(client, session, server, tmp_path):
    path = tmp_path / "ä ö.txt"
    path.write_bytes(b"content")
    with path.open("rb") as file:
        form = client.FormData({"text": "ä"}, default_to_multipart=True)
        form.add_field("file", file)
        form.add_field("json", "{}", content_type="application/json")
        form.add_field('quoted "name"', b"x", filename="x.bin", content_type="image/png")
        request = await post(session, server, data=form)
    assert request.get("Content-Type").startswith("multipart/form-data; boundary=")
    assert request.get("Content-Length") == str(len(request.body))
    text, whole, json_part, quoted = parts(request)
    assert text == (
        'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="text"',
        "ä".encode(),
    )
    assert whole == (
        "Content-Type: text/plain\r\n"
        'Content-Disposition: form-data; name="file"; filename="%C3%A4%20%C3%B6.txt"',
        b"content",
    )
    assert json_part == (
        'Content-Type: application/json\r\nContent-Disposition: form-data; name="json"',
        b"{}",
    )
    assert quoted == (
        "Content-Type: image/png\r\n"
        'Content-Disposition: form-data; name="quoted\\ \\"name\\""; filename="x.bin"',
        b"x",
    )


async def test_names_that_are_not_ascii(client, session, server):
    form = client.FormData({"ä": "1"}, default_to_multipart=True)
    ((head, _),) = parts(await post(session, server, data=form))
    assert "name*=utf-8''%C3%A4" in head
    form = client.FormData({"ä": io.BytesIO(b"1")}, quote_fields=False)
    ((head, _),) = parts(await post(session, server, data=form))
    assert 'name="ä"; filename="ä"' in head


async def test_generators_in_forms_go_in_chunks(client, session, server):
    async def pieces():
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"

    form = client.FormData()
    form.add_field("gen", pieces(), filename="gen.bin")
    request = await post(session, server, data=form)
    assert request.get("Content-Length") is None
    ((head, content),) = parts(request)
    assert content == b"onetwo"
    assert "application/octet-stream" in head


async def test_a_dict_with_a_file_is_a_form(session, server):
    request = await post(session, server, data={"a": "1", "f": io.BytesIO(b"data")})
    (_, first), (head, second) = parts(request)
    assert (first, second) == (b"1", b"data")
    assert 'filename="f"' in head


async def test_large_files(session, server, tmp_path):
    content = bytes(range(256)) * 4096 * 2
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    with path.open("rb") as file:
        request = await post(session, server, data={"file": file})
    assert request.get("Content-Length") == str(len(request.body))
    assert parts(request)[0][1] == content


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


PAYLOADS = {
    "bytes": (lambda: b"data", b"data", 4, "application/octet-stream"),
    "memoryview": (lambda: memoryview(b"data"), b"data", 4, "application/octet-stream"),
    "str": (lambda: "dätä", "dätä".encode(), 6, "text/plain; charset=utf-8"),
    "BytesIO": (lambda: io.BytesIO(b"data"), b"data", 4, "application/octet-stream"),
    "StringIO": (lambda: io.StringIO("data"), b"data", 4, "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_payloads(client, loop, write, kind):
    make, data, size, content_type = PAYLOADS[kind]
    payload = client.get_payload(make())
    assert isinstance(payload, client.Payload)
    assert client.get_payload(payload) is payload
    assert (payload.size, payload.content_type, payload.consumed) == (size, content_type, False)
    # Any number of times.
    assert write(payload) == data
    assert write(payload) == data
    assert write(payload, 2) == data[:2]
    assert write(payload, None) == data
    assert loop.run_until_complete(payload.as_bytes()) == data


def test_files_are_read_from_where_they_stand(client, loop, write, tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(2)
        payload = client.get_payload(file)
        assert (payload.size, payload.filename) == (8, "file.json")
        assert payload.content_type == "application/json"
        assert payload.headers["Content-Disposition"] == 'attachment; filename="file.json"'
        assert write(payload) == b"23456789"
        assert write(payload, 3) == b"234"
        assert loop.run_until_complete(payload.as_bytes()) == b"23456789"
        assert not payload.consumed
        assert not payload.autoclose


def test_a_file_that_grows_is_sent_as_long_as_it_was(client, write, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"old")
    with path.open("rb") as file:
        payload = client.get_payload(file)
        length = payload.size
        with path.open("ab") as more:
            more.write(b"new")
        assert write(payload, length) == b"old"


def test_files_of_text(client, write, tmp_path):
    path = tmp_path / "text"
    path.write_text("ä\n", encoding="latin-1")
    with path.open(encoding="latin-1") as file:
        payload = client.get_payload(file)
        assert payload.content_type == "text/plain; charset=utf-8"
        assert payload.encoding == "utf-8"
        assert write(payload) == "ä\n".encode()


def test_a_payload_closes_its_file(client, loop, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    file = path.open("rb")
    payload = client.get_payload(file)

    async def close():
        await payload.close()
        while not file.closed:
            await asyncio.get_running_loop().run_in_executor(None, int)

    loop.run_until_complete(close())
    assert payload.consumed


def test_generators_are_sent_once(client, loop, write):
    async def pieces():
        yield b"one"
        yield b"two"

    payload = client.get_payload(pieces())
    assert payload.size is None
    assert not payload.consumed
    assert write(payload) == b"onetwo"
    assert payload.consumed
    assert write(payload) == b""
    kept = client.get_payload(pieces())
    with pytest.raises(TypeError, match="content not cached"):
        kept.decode()
    assert loop.run_until_complete(kept.as_bytes()) == b"onetwo"
    assert kept.decode() == "onetwo"
    assert write(kept) == write(kept) == b"onetwo"
    assert write(kept, 4) == b"onet"
    assert not kept.consumed


def test_what_no_payload_can_be_made_of(client):
    with pytest.raises(client.payload.LookupError):
        client.get_payload(object())


def test_payloads_of_ones_own(client, write):
    class Number(client.Payload):
        def decode(self, encoding="utf-8", errors="strict"):
            return str(self._value)

        async def write(self, writer):
            await writer.write(self.decode().encode())

    class Value(int):
        pass

    registry = type(client.PAYLOAD_REGISTRY)()
    registry.register(Number, Value)
    payload = registry.get(Value(12))
    assert type(payload) is Number
    assert write(payload, None) == b"12"


def test_json(client, write):
    payload = client.JsonPayload({"a": "ä"})
    assert payload.content_type == "application/json"
    assert json.loads(write(payload)) == {"a": "ä"}


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

    def resume_reading(self, *args):
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
    part = await reader(client, text, 100).next()
    decoded = bytearray()
    while piece := await part.read_chunk(50):
        decoded += part.decode(piece)
    assert decoded == content


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


DISPOSITIONS = [
    (None, (None, {}), None),
    ("attachment", ("attachment", {}), None),
    ("inline; filename=foo.html", ("inline", {"filename": "foo.html"}), "foo.html"),
    ('Attachment; filename="a b"', ("attachment", {"filename": "a b"}), "a b"),
    (r'attachment; filename="a\"b"', ("attachment", {"filename": 'a"b'}), 'a"b'),
    ('attachment; filename="a;b"', ("attachment", {"filename": "a;b"}), "a;b"),
    ("attachment; filename*=UTF-8''%c3%a4", ("attachment", {"filename*": "ä"}), "ä"),
    (
        "attachment; filename=x; filename*=UTF-8''%e2%82%ac",
        ("attachment", {"filename": "x", "filename*": "€"}),
        "€",
    ),
    (
        "attachment; filename*0=a; filename*1=b",
        ("attachment", {"filename*0": "a", "filename*1": "b"}),
        "ab",
    ),
]


@pytest.mark.parametrize(("field", "parsed", "filename"), DISPOSITIONS)
def test_dispositions(client, field, parsed, filename):
    assert client.parse_content_disposition(field) == parsed
    assert client.content_disposition_filename(parsed[1]) == filename


@pytest.mark.parametrize(
    "field", ['"inline"', "attachment; filename", "attachment; a=1; a=2", 'attachment; filename="a']
)
def test_malformed_dispositions(client, field):
    with pytest.warns(client.BadContentDispositionHeader):
        assert client.parse_content_disposition(field) == (None, {})


@pytest.mark.parametrize(
    "field", ["attachment; filename*=x", "attachment; filename*=foo''%e4", "attachment; f@o=1"]
)
def test_malformed_parameters_of_dispositions(client, field):
    with pytest.warns(client.BadContentDispositionParam):
        assert client.parse_content_disposition(field) == ("attachment", {})


def test_no_warning_for_what_is_right(client):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.parse_content_disposition("attachment; filename=x")
