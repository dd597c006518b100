"""Compressed messages of WebSockets."""

import asyncio
import zlib

import pytest

from support.http_websocket import (
    COMPRESSED_TEXT,
    PING,
    TEXT,
    echo,
    frame,
    speaking,
)

pytest.importorskip("aiohttp.web")


@pytest.fixture
def server(serve):
    return serve(echo)


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
