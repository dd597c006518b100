"""How WebSockets begin."""

import base64
import hashlib

import pytest

from support.http_raw import response
from support.http_websocket import (
    GUID,
    accept,
    frame,
    read_frame,
    speaking,
)
from support.net import SECONDS


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
