"""Messages of WebSockets, both ways."""

import asyncio
import base64
import hashlib
import json

import pytest

from support.http_websocket import (
    BINARY,
    CLOSE,
    GUID,
    PING,
    PONG,
    TEXT,
    echo,
    frame,
    read_frame,
    speaking,
)
from support.net import SECONDS

pytest.importorskip("aiohttp.web")


@pytest.fixture
def server(serve):
    return serve(echo)


async def test_echo(client, session, server):
    async with session.ws_connect(server.url()) as socket:
        assert isinstance(socket, client.ClientWebSocketResponse)
        assert not socket.closed
        assert socket.close_code is None
        assert socket.exception() is None
        await socket.send_str("text ä")
        message = await socket.receive()
        assert message == (client.WSMsgType.TEXT, "text ä", "")
        assert message.type is client.WSMsgType.TEXT
        await socket.send_bytes(b"\x00\xff")
        assert await socket.receive_bytes() == b"\x00\xff"
        await socket.send_bytes(memoryview(bytearray(b"view")))
        assert await socket.receive_bytes() == b"view"
        await socket.send_json({"a": [1, "ä"]})
        assert await socket.receive_json() == {"a": [1, "ä"]}
        await socket.send_json_bytes([1], dumps=lambda value: json.dumps(value).encode())
        assert (await socket.receive()).json() == [1]
        await socket.send_str("")
        assert await socket.receive_str() == ""
    assert socket.closed
    assert socket.close_code == client.WSCloseCode.OK


@pytest.mark.parametrize("size", [125, 126, 127, 65535, 65536, 300_000, 3_000_000])
async def test_sizes(session, server, size):
    async with session.ws_connect(server.url()) as socket:
        data = bytes(range(256)) * (size // 256 + 1)
        await socket.send_bytes(data[:size])
        assert await socket.receive_bytes() == data[:size]


async def test_many_messages(session, server):
    async with session.ws_connect(server.url()) as socket:

        async def send():
            for number in range(2000):
                await socket.send_str(str(number))

        sender = asyncio.create_task(send())
        for number in range(2000):
            assert await socket.receive_str() == str(number)
        await sender


async def test_iteration_ends_when_the_server_closes(client, session, server):
    socket = await session.ws_connect(server.url())
    await socket.send_str("one")
    await socket.send_str("close")
    assert [message.data async for message in socket] == ["one"]
    assert socket.closed
    assert socket.close_code == 4001
    assert await socket.receive() == (client.WSMsgType.CLOSED, None, None)
    assert await socket.close() is False


async def test_the_end_is_a_message(client, session, server):
    async with session.ws_connect(server.url(), autoclose=False) as socket:
        await socket.send_str("close")
        message = await socket.receive()
        assert message == (client.WSMsgType.CLOSE, 4001, "as asked")
        assert socket.close_code == 4001
        assert not socket.closed
    assert socket.closed


async def test_pings_are_answered(session, raw_server):
    seen = []
    server = raw_server(
        speaking(
            frame(PING, b"?"), frame(TEXT, b"text"), frame(PING), frame(BINARY, b""), seen=seen
        )
    )
    async with session.ws_connect(server.url()) as socket:
        assert await socket.receive_str() == "text"
        assert await socket.receive_bytes() == b""
        await socket.ping(b"own")
        await socket.pong(b"own")
    assert seen[:4] == [(PONG, b"?"), (PONG, b""), (PING, b"own"), (PONG, b"own")]


async def test_pings_are_messages_if_that_is_wanted(client, session, raw_server):
    server = raw_server(speaking(frame(PING, b"?"), frame(PONG, b"!")))
    async with session.ws_connect(server.url(), autoping=False) as socket:
        assert await socket.receive() == (client.WSMsgType.PING, b"?", "")
        assert await socket.receive() == (client.WSMsgType.PONG, b"!", "")


async def test_a_message_in_pieces(session, raw_server):
    server = raw_server(
        speaking(frame(0x01, b"a\xc3"), frame(PING), frame(0x00), frame(0x80, b"\xa4b"))
    )
    async with session.ws_connect(server.url()) as socket:
        assert await socket.receive_str() == "aäb"


async def test_bytes_that_come_one_by_one(session, raw_server):
    text = frame(TEXT, b"x" * 300) + frame(BINARY, b"y")
    server = raw_server(speaking(*(bytes((byte,)) for byte in text)))
    async with session.ws_connect(server.url()) as socket:
        assert await socket.receive_str() == "x" * 300
        assert await socket.receive_bytes() == b"y"


async def test_messages_that_come_with_the_handshake(session, raw_server):
    def script(connection):
        key = connection.head().get("Sec-WebSocket-Key")
        digest = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
        connection.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n" + frame(TEXT, b"early")
        )
        read_frame(connection)
        connection.send(frame(CLOSE, b"\x03\xe8"))

    server = raw_server(script)
    async with session.ws_connect(server.url()) as socket:
        assert await socket.receive_str() == "early"


async def test_messages_of_any_size_if_that_is_wanted(session, raw_server):
    server = raw_server(speaking(frame(BINARY, b"x" * (5 << 20))))
    async with session.ws_connect(server.url(), max_msg_size=0) as socket:
        assert await socket.receive_bytes() == b"x" * (5 << 20)


async def test_types(client, session, server):
    async with session.ws_connect(server.url()) as socket:
        await socket.send_str("text")
        with pytest.raises(client.WSMessageTypeError, match=r"is not WSMsgType\.BINARY"):
            await socket.receive_bytes()
        await socket.send_bytes(b"bytes")
        with pytest.raises(client.WSMessageTypeError, match=r"is not WSMsgType\.TEXT"):
            await socket.receive_str()
        with pytest.raises(TypeError, match="data argument must be str"):
            await socket.send_str(b"bytes")
        with pytest.raises(TypeError, match="data argument must be byte-ish"):
            await socket.send_bytes("text")


async def test_texts_are_bytes_if_that_is_wanted(client, session, raw_server):
    server = raw_server(speaking(frame(TEXT, b'{"a": 1}'), frame(TEXT, b"\xff")))
    async with session.ws_connect(server.url(), decode_text=False) as socket:
        message = await socket.receive()
        assert message == (client.WSMsgType.TEXT, b'{"a": 1}', "")
        assert message.json() == {"a": 1}
        assert await socket.receive_str() == b"\xff"


async def test_one_receives_at_a_time(session, server):
    async with session.ws_connect(server.url()) as socket:
        first = asyncio.create_task(socket.receive_str())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Concurrent call to receive"):
            await socket.receive()
        await socket.send_str("text")
        assert await first == "text"


async def test_a_timeout_loses_nothing(client, session, raw_server):
    server = raw_server(speaking(frame(TEXT, b"late"), wait=True))
    async with session.ws_connect(server.url()) as socket:
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(timeout=0.01)
        server.gate.set()
        assert await socket.receive_str() == "late"


async def test_a_timeout_of_all_receives(client, session, raw_server):
    server = raw_server(speaking(wait=True))
    timeout = client.ClientWSTimeout(ws_receive=0.01, ws_close=SECONDS)
    async with session.ws_connect(server.url(), timeout=timeout) as socket:
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive()
        server.gate.set()


async def test_a_cancelled_receive_loses_nothing(session, raw_server):
    server = raw_server(speaking(frame(TEXT, b"late"), wait=True))
    async with session.ws_connect(server.url()) as socket:
        for _ in range(3):
            task = asyncio.create_task(socket.receive())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        server.gate.set()
        assert await socket.receive_str() == "late"


async def test_the_connection_is_known(session, server):
    socket = await session.ws_connect(server.url())
    assert socket.get_extra_info("peername")[1] == server.port
    assert socket.get_extra_info("nothing", "default") == "default"
    await socket.close()
    assert socket.get_extra_info("peername", "default") == "default"


async def test_a_class_of_ones_own(client, open_session, server):
    class Socket(client.ClientWebSocketResponse):
        async def receive_upper(self):
            return (await self.receive_str()).upper()

    session = open_session(ws_response_class=Socket)
    async with session.ws_connect(server.url()) as socket:
        await socket.send_str("text")
        assert await socket.receive_upper() == "TEXT"


async def test_older_ways_to_say_timeouts(session, server):
    with pytest.warns(DeprecationWarning, match="ws_close"):
        socket = await session.ws_connect(server.url(), timeout=10.0)
    await socket.close()
    with pytest.warns(DeprecationWarning, match="ws_receive"):
        socket = await session.ws_connect(server.url(), receive_timeout=0.01)
    with pytest.raises(asyncio.TimeoutError):
        await socket.receive()
    await socket.close()


def test_numbers(client):
    kinds = {"CONTINUATION": 0, "TEXT": 1, "BINARY": 2, "CLOSE": 8, "PING": 9, "PONG": 10}
    kinds |= {"CLOSING": 0x100, "CLOSED": 0x101, "ERROR": 0x102}
    assert {kind.name: kind.value for kind in client.WSMsgType} == kinds
    assert client.WSMsgType.text is client.WSMsgType.TEXT
    assert {int(code) for code in client.WSCloseCode} == {*range(1000, 1004), *range(1006, 1015)}
    assert client.ClientWSTimeout() == client.ClientWSTimeout(ws_receive=None, ws_close=None)
