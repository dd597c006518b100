"""Bodies: what is made of bytes, texts, files and generators, and what they write."""

import asyncio
import io
import json

import pytest

from support.http_raw import OK

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


@pytest.mark.parametrize("piece", [5, "text", [1, 2]])
async def test_pieces_that_are_no_bytes(client, session, raw_server, piece):
    async def pieces():
        yield piece

    server = raw_server(lambda connection: connection.head() and connection.until_closed())
    with pytest.raises(client.ClientConnectionError, match="Failed to send bytes"):
        await session.post(server.url(), data=pieces())


@pytest.mark.rondel_only("aiohttp waits for the answer")
async def test_a_body_that_is_shorter_than_it_says(client, session, raw_server):
    async def pieces():
        yield b"one"

    server = raw_server(lambda connection: connection.head() and connection.until_closed())
    with pytest.raises(client.ClientConnectionError, match="ended 6 bytes before its announced"):
        await session.post(server.url(), data=pieces(), headers={"Content-Length": "9"})


async def test_chunks_of_nothing(session, raw_server):
    server = raw_server(OK)
    async with session.post(server.url(), chunked=True) as answer:
        assert await answer.read() == b"ok"
    (request,) = server.requests
    assert request.body == b""
    framed = (request.get("Content-Length"), request.get("Transfer-Encoding"))
    assert framed in {("0", None), (None, "chunked")}


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
