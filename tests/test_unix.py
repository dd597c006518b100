"""Unix sockets: connections by path and on given sockets."""

import asyncio
import os
import pathlib
import socket

import pytest

from support.net import receive_all, receive_exactly, watch_connects
from support.protocols import Recorder
from support.servers import Accepting
from support.turns import turns
from support.unix import bound, client_of


@pytest.mark.parametrize("kind", [str, os.fsencode, pathlib.Path], ids=["str", "bytes", "PathLike"])
async def test_a_connection_to_a_path(loop, socket_path, kind):
    with bound(socket_path) as listener:
        listener.listen()
        transport, protocol = await loop.create_unix_connection(Recorder, kind(socket_path))
        assert protocol.names == ["made"]
        peer, _ = listener.accept()
        with peer:
            transport.write(b"out")
            transport.write_eof()
            assert receive_all(peer) == b"out"
            peer.send(b"in")
            assert await protocol.received(2) == b"in"
        await protocol.lost


@pytest.mark.parametrize("kind", ["path", "abstract", "not ascii"])
async def test_names_and_sockets_of_both_ends(loop, socket_path, kind):
    path = {
        "path": str(socket_path),
        "abstract": b"\0" + os.fsencode(socket_path),
        "not ascii": f"{socket_path}é",
    }[kind]
    accepting = Accepting()
    server = await loop.create_unix_server(accepting, path)
    transport, protocol = await loop.create_unix_connection(Recorder, path)
    [other] = await accepting.connections(1)
    names = ["sockname", "peername"]
    assert [transport.get_extra_info(name) for name in names] == ["", path]
    assert [other.transport.get_extra_info(name) for name in names] == [path, ""]
    sock = transport.get_extra_info("socket")
    assert (sock.family, sock.type, sock.proto) == (socket.AF_UNIX, socket.SOCK_STREAM, 0)
    assert (sock.gettimeout(), sock.getpeername()) == (0, path)
    transport.close()
    await asyncio.gather(protocol.lost, other.lost)
    server.close()


async def test_connections_that_a_program_makes_its_own_way(loop, socket_path, monkeypatch):
    connects = []
    with bound(socket_path) as listener:
        listener.listen()
        watch_connects(loop, monkeypatch, connects.append)
        transport, protocol = await loop.create_unix_connection(Recorder, str(socket_path))
        assert connects == [str(socket_path)]
        transport.close()
        await protocol.lost


@pytest.mark.rondel_only("asyncio leaves the socket to the garbage collector")
async def test_a_protocol_that_cannot_be_made(loop, socket_path):
    with bound(socket_path) as listener:
        listener.listen()
        with pytest.raises(ZeroDivisionError):
            await loop.create_unix_connection(lambda: 1 / 0, str(socket_path))
        peer, _ = listener.accept()
        with peer:
            assert receive_all(peer) == b""


async def test_a_connection_on_a_given_socket(loop):
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with theirs:
        assert ours.getblocking()
        transport, protocol = await loop.create_unix_connection(Recorder, sock=ours)
        assert not ours.getblocking()
        theirs.send(b"in")
        assert await protocol.received(2) == b"in"
        transport.close()
        await protocol.lost
        assert receive_all(theirs) == b""


async def test_nobody_there(loop, socket_path):
    with pytest.raises(FileNotFoundError):
        await loop.create_unix_connection(Recorder, socket_path)
    bound(socket_path).close()
    with pytest.raises(ConnectionRefusedError):
        await loop.create_unix_connection(Recorder, socket_path)


async def test_a_socket_of_another_type_there(loop, socket_path):
    with (
        bound(socket_path, socket.SOCK_DGRAM),
        pytest.raises(OSError, match="wrong type for socket"),
    ):
        await loop.create_unix_connection(Recorder, socket_path)


async def test_arguments_of_connections_that_do_not_go_together(loop, socket_path):
    both = pytest.raises(ValueError, match="path and sock can not be specified at the same time")
    with socket.socket(socket.AF_UNIX) as sock, both:
        await loop.create_unix_connection(Recorder, socket_path, sock=sock)
    with pytest.raises(ValueError, match="no path and sock were specified"):
        await loop.create_unix_connection(Recorder)
    with pytest.raises(ValueError, match="server_hostname is only meaningful with ssl"):
        await loop.create_unix_connection(Recorder, socket_path, server_hostname="host")
    with pytest.raises(ValueError, match="you have to pass server_hostname when using ssl"):
        await loop.create_unix_connection(Recorder, socket_path, ssl=True)
    for option in ("ssl_handshake_timeout", "ssl_shutdown_timeout"):
        with pytest.raises(ValueError, match=f"{option} is only meaningful with ssl"):
            await loop.create_unix_connection(Recorder, socket_path, **{option: 1})


@pytest.mark.parametrize("value", [3, 3.5, object()])
async def test_a_path_of_another_type(loop, value):
    with pytest.raises(TypeError, match=r"expected str, bytes or os\.PathLike object"):
        await loop.create_unix_connection(Recorder, value)
    with pytest.raises(TypeError, match=r"expected str, bytes or os\.PathLike object"):
        await loop.create_unix_server(Recorder, value)


@pytest.mark.rondel_only("asyncio takes a socket that waits for room for a connected one")
async def test_connections_wait_while_the_queue_is_full(loop, socket_path):
    with bound(socket_path) as listener:
        listener.listen(0)
        tasks = [
            asyncio.create_task(loop.create_unix_connection(Recorder, socket_path))
            for _ in range(5)
        ]
        await turns(5)
        assert [task.done() for task in tasks] == [True, False, False, False, False]
        tasks[4].cancel()
        listener.setblocking(False)
        for _ in tasks[:4]:
            peer, _ = await loop.sock_accept(listener)
            peer.close()
        for _, protocol in await asyncio.gather(*tasks[:4]):
            await protocol.lost
        with pytest.raises(asyncio.CancelledError):
            await tasks[4]


async def test_streams(loop, socket_path):
    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(serve, socket_path):
        reader, writer = await asyncio.open_unix_connection(socket_path)
        writer.write(b"there and back\n")
        assert await reader.read() == b"there and back\n"
        writer.close()
        await writer.wait_closed()


async def test_connect_accepted_socket(loop, socket_path):
    with bound(socket_path) as listener:
        listener.listen()
        peer = client_of(socket_path)
        sock, _ = listener.accept()
    transport, protocol = await loop.connect_accepted_socket(Recorder, sock)
    with peer:
        peer.send(b"accepted")
        assert await protocol.received(8) == b"accepted"
        transport.write(b"yes")
        assert receive_exactly(peer, 3) == b"yes"
    await protocol.lost
