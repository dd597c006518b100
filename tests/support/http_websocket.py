"""Servers of WebSockets, frame by frame, for the clients under test."""

import base64
import hashlib

from support.net import SECONDS

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE = 0x88
PING = 0x89
PONG = 0x8A
TEXT = 0x81
BINARY = 0x82
COMPRESSED_TEXT = 0xC1


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


async def echo(request):
    """A handler of aiohttp's server: sends each message back; `close` closes."""
    from aiohttp import web

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
