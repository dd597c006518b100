"""WebSockets: the handshake, messages both ways, heartbeats, and all the ways they end."""

import asyncio
import base64
import hashlib
import json
import zlib

import pytest

from support.http_raw import response
from support.net import SECONDS

web = pytest.importorskip("aiohttp.web")

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE = 0x88
PING = 0x89
PONG = 0x8A
TEXT = 0x81
BINARY = 0x82
COMPRESSED_TEXT = 0xC1


async def echo(request):
    """Send each message back; `close` closes."""
    socket = web.WebSocketResponse(protocols=("second", "third"), max_msg_size=0)
    await socket.prepare(request)
    async for message in socket:
        if message.type is web.WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.data == "close":
            await socket.close(code=4001, message=b"as asked")
        else:
            await socket.send_str(message.data)
    return socket


@pytest.fixture
def server(serve):
    return serve(echo)


def accept(connection, *lines, key=None):
    """Read a handshake, and answer it. Gives the request."""
    request = connection.head()
    key = key or request.get("Sec-WebSocket-Key")
    digest = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    head = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {digest}",
        *lines,
    )
    connection.send("\r\n".join((*head, "", "")).encode())
    return request


def frame(first, payload=b""):
    """A frame as servers send it."""
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 2**16:
        head = bytes((first, 126)) + size.to_bytes(2)
    else:
        head = bytes((first, 127)) + size.to_bytes(8)
    return head + payload


def read_frame(connection):
    """A frame of the client: its first byte, and what it carries."""
    first, second = connection.receive(2)
    assert second & 0x80, "clients mask"
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(connection.receive(2 if size == 126 else 8))
    mask = connection.receive(4) * (size // 4 + 1)
    masked = int.from_bytes(connection.receive(size))
    return first, (masked ^ int.from_bytes(mask[:size])).to_bytes(size)


def speaking(*frames, lines=(), seen=None, wait=False):
    """A script: sends these frames, and puts those of the client into `seen` until it closes."""

    def script(connection):
        accept(connection, *lines)
        if wait:
            connection.server.gate.wait(SECONDS)
        for each in frames:
            connection.send(each)
        while True:
            first, payload = read_frame(connection)
            if seen is not None:
                with connection.server.changed:
                    seen.append((first, payload))
                    connection.server.changed.notify_all()
            if first == CLOSE:
                connection.send(frame(CLOSE, payload[:2]))
                return

    return script


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


async def test_what_is_sent_in_the_handshake(client, session, raw_server):
    heads = []

    def script(connection):
        heads.append(accept(connection, "Sec-WebSocket-Protocol: second"))
        connection.send(frame(*read_frame(connection)))

    server = raw_server(script)
    options = {
        "protocols": ("first", "second"),
        "origin": "http://origin.example",
        "headers": {"X-Own": "1"},
        "params": {"q": "x"},
        "timeout": client.ClientWSTimeout(ws_close=SECONDS),
    }
    async with session.ws_connect(server.url("/path"), **options) as socket:
        assert socket.protocol == "second"
    (head,) = heads
    assert (head.method, head.target) == ("GET", "/path?q=x")
    assert head.get("Upgrade") == "websocket"
    assert head.get("Connection") == "Upgrade"
    assert head.get("Sec-WebSocket-Version") == "13"
    assert head.get("Sec-WebSocket-Protocol") == "first,second"
    assert head.get("Sec-WebSocket-Extensions") is None
    assert head.get("Origin") == "http://origin.example"
    assert head.get("X-Own") == "1"
    assert len(base64.b64decode(head.get("Sec-WebSocket-Key"))) == 16


@pytest.mark.parametrize("protocols", [(), ("other",)])
async def test_a_protocol_that_nobody_asked_for(session, raw_server, protocols):
    server = raw_server(speaking(lines=["Sec-WebSocket-Protocol: first"]))
    async with session.ws_connect(server.url(), protocols=protocols) as socket:
        assert socket.protocol is None


def handshake(**changes):
    """An answer to a handshake that is wrong in one place."""
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", **changes}

    def script(connection):
        request = connection.head()
        key = request.get("Sec-WebSocket-Key").encode()
        digest = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        answer = {"Sec-WebSocket-Accept": digest, **fields}
        lines = [f"{name}: {value}" for name, value in answer.items()]
        lines = ["HTTP/1.1 101 Switching Protocols", *lines, "", ""]
        connection.send("\r\n".join(lines).encode())
        connection.until_closed()

    return script


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (response(b"no", status="200 OK"), "Invalid response status"),
        (response(b"no", status="403 Forbidden"), "Invalid response status"),
        (handshake(Upgrade="other"), "Invalid upgrade header"),
        (handshake(Connection="close"), "Invalid connection header"),
        (handshake(**{"Sec-WebSocket-Accept": "wrong"}), "Invalid challenge response"),
        (
            handshake(**{"Sec-WebSocket-Extensions": "permessage-deflate; foo"}),
            "Extension for deflate not supported; foo",
        ),
        (
            handshake(
                **{"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=8"}
            ),
            "Invalid window size",
        ),
    ],
    ids=["200", "403", "upgrade", "connection", "accept", "extension", "window"],
)
async def test_handshakes_that_fail(client, session, raw_server, script, message):
    server = raw_server(script)
    with pytest.raises(client.WSServerHandshakeError) as raised:
        await session.ws_connect(server.url(), compress=15)
    assert raised.value.message == message
    assert raised.value.status in {101, 200, 403}
    assert str(raised.value.request_info.url) == server.url()
    assert raised.value.headers is not None


async def test_a_server_that_does_not_answer_the_handshake(client, session, raw_server):
    server = raw_server(lambda connection: connection.head())
    with pytest.raises(client.ServerDisconnectedError):
        await session.ws_connect(server.url())


async def test_nobody_listens(client, session, raw_server):
    server = raw_server()
    url = server.url()
    server.stop()
    with pytest.raises(client.ClientConnectorError):
        await session.ws_connect(url)


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


async def test_the_end_by_the_client(client, session, raw_server):
    seen = []
    server = raw_server(speaking(frame(TEXT, b"unread"), seen=seen))
    socket = await session.ws_connect(server.url())
    assert await socket.close(code=client.WSCloseCode.GOING_AWAY, message=b"bye") is True
    assert socket.closed
    assert socket.close_code == 1001
    assert seen == [(CLOSE, b"\x03\xe9bye")]
    assert await socket.close() is False
    with pytest.raises(
        client.ClientConnectionResetError, match="Cannot write to closing transport"
    ):
        await socket.send_str("late")


async def test_a_server_that_does_not_answer_the_end(client, session, raw_server):
    def script(connection):
        accept(connection)
        connection.until_closed()

    server = raw_server(script)
    timeout = client.ClientWSTimeout(ws_close=0.01)
    socket = await session.ws_connect(server.url(), timeout=timeout)
    assert await socket.close() is True
    assert socket.close_code == client.WSCloseCode.ABNORMAL_CLOSURE
    assert isinstance(socket.exception(), asyncio.TimeoutError)
    await server.until(lambda: server.connections[0].closed_by_client)


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_server_that_goes_without_a_word(client, session, raw_server, end):
    def script(connection):
        accept(connection)
        connection.send(frame(TEXT, b"last"))
        read_frame(connection)
        getattr(connection, end)()

    server = raw_server(script)
    socket = await session.ws_connect(server.url())
    assert await socket.receive_str() == "last"
    await socket.send_str("go")
    assert await socket.receive() == (client.WSMsgType.CLOSED, None, None)
    assert socket.closed
    assert socket.close_code == client.WSCloseCode.ABNORMAL_CLOSURE
    with pytest.raises(client.ClientConnectionResetError):
        await socket.send_str("late")


VIOLATIONS = {
    "utf-8": (frame(TEXT, b"\xff"), 1007, "Invalid UTF-8 text message"),
    "utf-8 in pieces": (frame(0x01, b"\xc3") + frame(0x80), 1007, "Invalid UTF-8 text message"),
    "reserved bits": (frame(0xA1), 1002, "Received frame with non-zero reserved bits"),
    "compressed": (frame(0xC1), 1002, "Received frame with non-zero reserved bits"),
    "opcode": (frame(0x83), 1002, "Unexpected opcode=3"),
    "ping in pieces": (frame(0x09), 1002, "Received fragmented control frame"),
    "large ping": (
        frame(PING, b"x" * 126),
        1002,
        "Control frame payload cannot be larger than 125 bytes",
    ),
    "continuation": (frame(0x80), 1002, "Continuation frame for non started message"),
    "two messages": (
        frame(0x01, b"a") + frame(TEXT, b"b"),
        1002,
        "The opcode in non-fin frame is expected to be zero, got 1",
    ),
    "code": (frame(CLOSE, b"\x03\xed"), 1002, "Invalid close code: 1005"),
    "reason": (frame(CLOSE, b"\x03\xe8\xff"), 1007, "Invalid UTF-8 text message"),
    "size": (frame(TEXT, b"x" * 1000), 1009, "Message size 1000 exceeds limit 1000"),
    "size in pieces": (
        frame(0x01, b"x" * 600) + frame(0x80, b"x" * 600),
        1009,
        "Message size 1200 exceeds limit 1000",
    ),
}


@pytest.mark.parametrize("kind", VIOLATIONS)
async def test_a_server_that_does_not_keep_to_the_protocol(client, session, raw_server, kind):
    sent, code, words = VIOLATIONS[kind]
    seen = []
    server = raw_server(speaking(frame(TEXT, b"before"), sent, seen=seen))
    socket = await session.ws_connect(server.url(), max_msg_size=1000)
    assert await socket.receive_str() == "before"
    message = await socket.receive()
    assert message.type is client.WSMsgType.ERROR
    assert isinstance(message.data, client.WebSocketError)
    assert message.data.code == socket.close_code == code
    assert str(message.data) == words
    assert socket.closed
    await server.until(lambda: seen)
    assert seen == [(CLOSE, code.to_bytes(2))]


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


async def test_close_while_another_task_receives(client, session, raw_server):
    server = raw_server(speaking())
    socket = await session.ws_connect(server.url())
    receiving = asyncio.create_task(socket.receive())
    await asyncio.sleep(0)
    assert await socket.close() is True
    assert await receiving == (client.WSMsgType.CLOSING, None, None)
    assert socket.close_code == 1000
    assert await socket.receive() == (client.WSMsgType.CLOSED, None, None)


async def test_a_heartbeat_without_an_answer(client, session, raw_server):
    def script(connection):
        accept(connection)
        connection.until_closed()

    server = raw_server(script)
    socket = await session.ws_connect(server.url(), heartbeat=0.05)
    message = await socket.receive()
    assert message.type is client.WSMsgType.ERROR
    assert isinstance(message.data, client.ServerTimeoutError)
    assert str(message.data) == "No PONG received after 0.025 seconds"
    assert socket.closed
    assert socket.close_code == client.WSCloseCode.ABNORMAL_CLOSURE
    assert socket.exception() is message.data
    assert await socket.receive() == (client.WSMsgType.CLOSED, None, None)
    await server.until(lambda: server.connections[0].closed_by_client)


def answering_pings(pings, count):
    def script(connection):
        accept(connection)
        while len(pings) < count:
            first, payload = read_frame(connection)
            assert first == PING
            connection.send(frame(PONG, payload))
            with connection.server.changed:
                pings.append(payload)
                connection.server.changed.notify_all()
        connection.send(frame(TEXT, b"alive"))
        while read_frame(connection)[0] != CLOSE:
            pass
        connection.send(frame(CLOSE, b"\x03\xe8"))

    return script


@pytest.mark.parametrize("receiving", [True, False])
async def test_a_heartbeat_that_is_answered(session, raw_server, receiving):
    pings = []
    server = raw_server(answering_pings(pings, 3))
    async with session.ws_connect(server.url(), heartbeat=0.6) as socket:
        if not receiving:
            await server.until(lambda: len(pings) == 3)
        assert await socket.receive_str() == "alive"
        assert not socket.closed
    assert pings == [b""] * 3


@pytest.mark.parametrize("bits", [9, 15])
async def test_compression(session, server, bits):
    async with session.ws_connect(server.url(), compress=bits) as socket:
        assert socket.compress == 15
        assert socket.client_notakeover is False
        for text in ("text ä", "", "text ä", "x" * 100_000):
            await socket.send_str(text)
            assert await socket.receive_str() == text
        large = bytes(range(256)) * 4096
        await asyncio.gather(socket.send_bytes(large), socket.send_bytes(b"small"))
        found = [await socket.receive_bytes(), await socket.receive_bytes()]
        assert sorted(found, key=len) == [b"small", large]


async def test_compression_that_the_server_does_not_want(session, raw_server):
    seen = []
    server = raw_server(speaking(seen=seen))
    async with session.ws_connect(server.url(), compress=15) as socket:
        assert socket.compress == 0
        await socket.send_str("text")
    assert seen[0] == (TEXT, b"text")


@pytest.mark.parametrize("takeover", [True, False])
async def test_takeover(session, raw_server, takeover):
    seen = []
    extension = "permessage-deflate" + ("" if takeover else "; client_no_context_takeover")
    server = raw_server(speaking(lines=[f"Sec-WebSocket-Extensions: {extension}"], seen=seen))
    text = "the same text twice, the same text twice"
    async with session.ws_connect(server.url(), compress=15) as socket:
        assert socket.client_notakeover is not takeover
        await socket.send_str(text)
        await socket.send_str(text)
        await socket.ping(b"never compressed")
    (kind, first), (_, second), ping, *_ = seen
    assert kind == COMPRESSED_TEXT
    assert ping == (PING, b"never compressed")
    inflate = zlib.decompressobj(wbits=-15)
    assert inflate.decompress(first + b"\0\0\xff\xff").decode() == text
    if not takeover:
        inflate = zlib.decompressobj(wbits=-15)
    assert inflate.decompress(second + b"\0\0\xff\xff").decode() == text
    assert (len(second) < len(first)) is takeover


async def test_one_message_may_be_compressed(session, raw_server):
    seen = []
    server = raw_server(speaking(seen=seen))
    async with session.ws_connect(server.url()) as socket:
        await socket.send_str("text " * 100, compress=12)
        await socket.send_str("plain")
    (kind, data), plain, *_ = seen
    assert kind == COMPRESSED_TEXT
    inflate = zlib.decompressobj(wbits=-12)
    assert inflate.decompress(data + b"\0\0\xff\xff").decode() == "text " * 100
    assert plain == (TEXT, b"plain")


async def test_a_bomb(client, session, raw_server):
    deflate = zlib.compressobj(wbits=-15)
    bomb = deflate.compress(bytes(8 << 20)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    lines = ["Sec-WebSocket-Extensions: permessage-deflate"]
    server = raw_server(speaking(frame(0xC2, bomb[:-4]), lines=lines))
    async with session.ws_connect(server.url(), compress=15) as socket:
        message = await socket.receive()
        assert message.type is client.WSMsgType.ERROR
        assert message.data.code == client.WSCloseCode.MESSAGE_TOO_BIG
        assert str(message.data) == "Decompressed message exceeds size limit 4194304"


async def test_what_can_not_be_inflated(client, session, raw_server):
    lines = ["Sec-WebSocket-Extensions: permessage-deflate"]
    server = raw_server(speaking(frame(COMPRESSED_TEXT, b"\xff\xff\xff"), lines=lines))
    async with session.ws_connect(server.url(), compress=15) as socket:
        message = await socket.receive()
        assert message.type is client.WSMsgType.ERROR
        assert isinstance(message.data, zlib.error)
        assert socket.close_code == client.WSCloseCode.ABNORMAL_CLOSURE


@pytest.mark.parametrize("bits", [1, 8, 16])
async def test_windows_that_there_are_not(session, server, bits):
    with pytest.raises(ValueError, match="Compress wbits must between 9 and 15"):
        await session.ws_connect(server.url(), compress=bits)


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
