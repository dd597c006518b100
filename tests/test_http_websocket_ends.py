"""All the ways in which WebSockets end."""

import asyncio

import pytest

from support.http_websocket import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    accept,
    frame,
    read_frame,
    speaking,
)
from support.net import SECONDS


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
    "compressed ping": (frame(0xC9), 1002, "Received frame with non-zero reserved bits"),
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
    assert message.data.code is client.WSCloseCode(code)
    assert str(message.data) == words
    assert socket.closed
    await server.until(lambda: seen)
    assert seen == [(CLOSE, code.to_bytes(2))]


async def test_close_while_another_task_receives(client, session, raw_server):
    server = raw_server(speaking())
    socket = await session.ws_connect(server.url())
    receiving = asyncio.create_task(socket.receive())
    await asyncio.sleep(0)
    assert await socket.close() is True
    assert await receiving == (client.WSMsgType.CLOSING, None, None)
    assert socket.close_code == 1000
    assert await socket.receive() == (client.WSMsgType.CLOSED, None, None)


async def test_several_close_while_another_task_receives(client, session, raw_server):
    server = raw_server(speaking())
    socket = await session.ws_connect(server.url())
    receiving = asyncio.create_task(socket.receive())
    await asyncio.sleep(0)
    given_up = asyncio.create_task(socket.close())
    closing = [asyncio.create_task(socket.close()) for _ in range(3)]
    await asyncio.sleep(0)
    given_up.cancel()
    assert sum(await asyncio.gather(*closing)) == 1
    message = await receiving
    assert message.type in {client.WSMsgType.CLOSING, client.WSMsgType.CLOSED}
    assert socket.close_code == 1000


@pytest.mark.parametrize("receiving", [True, False])
async def test_the_session_is_closed(client, session, raw_server, receiving):
    def script(connection):
        accept(connection)
        connection.until_closed()

    server = raw_server(script)
    socket = await session.ws_connect(server.url())
    received = asyncio.create_task(socket.receive()) if receiving else None
    await asyncio.sleep(0)
    await session.close()
    await server.until(lambda: server.connections[0].closed_by_client)
    message = await (received or socket.receive())
    assert message.type is client.WSMsgType.CLOSED
    assert socket.closed
    with pytest.raises(client.ClientConnectionResetError):
        await socket.send_str("late")


async def test_the_session_is_closed_while_much_is_on_its_way(client, session, raw_server):
    def script(connection):
        accept(connection)
        connection.server.gate.wait(SECONDS)
        connection.reset()

    server = raw_server(script)
    socket = await session.ws_connect(server.url())

    sending = asyncio.create_task(socket.send_bytes(bytes(64 << 20)))
    await asyncio.sleep(0)
    server.gate.set()
    await session.close()
    with pytest.raises(ConnectionError):
        await sending
    await socket.close()


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
