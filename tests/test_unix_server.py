"""Unix servers: paths, abstract names, given sockets, and the file that they leave or remove."""

import asyncio
import os
import pathlib
import socket
import stat
import sys

import pytest

from support.net import receive_exactly
from support.protocols import Recorder
from support.servers import Accepting
from support.turns import turns
from support.unix import bound, client_of

CLEANS_UP = sys.version_info >= (3, 13)
cleans_up = pytest.mark.skipif(not CLEANS_UP, reason="cleanup_socket came with 3.13")


@pytest.fixture
def accepting():
    return Accepting()


async def converse(client, accepting):
    """The client talks both ways to the server that accepts it, and closes."""
    (protocol,) = await accepting.connections()
    with client:
        client.send(b"hello")
        assert await protocol.received(5) == b"hello"
        protocol.transport.write(b"back")
        assert receive_exactly(client, 4) == b"back"
    await protocol.lost
    assert protocol.names == ["made", "data", "eof", "lost"]
    return protocol


async def closed(server):
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("kind", [str, os.fsencode, pathlib.Path], ids=["str", "bytes", "PathLike"])
async def test_a_server_at_a_path(loop, accepting, socket_path, kind):
    server = await loop.create_unix_server(accepting, kind(socket_path))
    assert server.is_serving()
    (sock,) = server.sockets
    assert sock.getsockname() == socket_path
    assert sock.family == socket.AF_UNIX
    await converse(client_of(socket_path), accepting)
    await closed(server)
    assert not server.is_serving()
    assert sock.fileno() == -1
    with pytest.raises(OSError, match=r"refused|No such file"):
        client_of(socket_path)


@pytest.mark.parametrize("kind", [str, os.fsencode], ids=["str", "bytes"])
async def test_an_abstract_name(loop, accepting, kind):
    name = f"\0rondel-test-{os.getpid()}"
    server = await loop.create_unix_server(accepting, kind(name))
    assert server.sockets[0].getsockname() == name.encode()
    transport, protocol = await loop.create_unix_connection(Recorder, kind(name))
    (theirs,) = await accepting.connections()
    transport.write(b"abstract")
    assert await theirs.received(8) == b"abstract"
    transport.close()
    await asyncio.gather(protocol.lost, theirs.lost)
    await closed(server)


async def test_a_server_on_a_given_socket(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, sock=bound(socket_path))
    await converse(client_of(socket_path), accepting)
    await closed(server)


async def test_what_a_transport_tells_of_its_socket(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path)
    transport, protocol = await loop.create_unix_connection(Recorder, socket_path)
    (theirs,) = await accepting.connections()
    assert transport.get_extra_info("peername") == socket_path
    assert transport.get_extra_info("sockname") == ""
    assert transport.get_extra_info("socket").family == socket.AF_UNIX
    assert theirs.transport.get_extra_info("peername") == ""
    assert theirs.transport.get_extra_info("sockname") == socket_path
    transport.close()
    await asyncio.gather(protocol.lost, theirs.lost)
    assert transport.get_extra_info("peername") == socket_path
    assert theirs.transport.get_extra_info("sockname") == socket_path
    await closed(server)


async def test_start_serving_later(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path, start_serving=False)
    assert not server.is_serving()
    with pytest.raises(ConnectionRefusedError):
        client_of(socket_path)
    await server.start_serving()
    await converse(client_of(socket_path), accepting)
    await closed(server)


async def test_serve_forever(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path, start_serving=False)
    task = asyncio.create_task(server.serve_forever())
    await turns(2)
    await converse(client_of(socket_path), accepting)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not server.is_serving()


async def test_the_backlog(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path, backlog=1)
    clients = [client_of(socket_path) for _ in range(2)]
    with socket.socket(socket.AF_UNIX) as third:
        third.setblocking(False)
        with pytest.raises(BlockingIOError):
            third.connect(socket_path)
    for client in clients:
        client.close()
    for protocol in await accepting.connections(2):
        await protocol.lost
    await closed(server)


async def test_a_stale_socket_is_replaced(loop, accepting, socket_path):
    bound(socket_path).close()
    server = await loop.create_unix_server(accepting, socket_path)
    await converse(client_of(socket_path), accepting)
    await closed(server)


async def test_a_file_that_is_no_socket_stays(loop, accepting, socket_path):
    pathlib.Path(socket_path).write_text("precious")
    with pytest.raises(OSError, match=f"Address '{socket_path}' is already in use") as caught:
        await loop.create_unix_server(accepting, socket_path)
    assert caught.value.errno == 98
    assert pathlib.Path(socket_path).read_text() == "precious"


async def test_a_path_that_cannot_be_looked_at(loop, accepting, socket_folder, log):
    (socket_folder / "file").touch()
    path = str(socket_folder / "file" / "socket")
    with pytest.raises(NotADirectoryError):
        await loop.create_unix_server(accepting, path)
    message = log.take_one().getMessage()
    assert message.startswith(f"Unable to check or remove stale UNIX socket {path!r}: NotADirec")


async def test_a_path_that_is_too_long(loop, accepting, socket_folder):
    with pytest.raises(OSError, match="AF_UNIX path too long"):
        await loop.create_unix_server(accepting, str(socket_folder / ("x" * 100)))


async def test_no_folder_for_it(loop, accepting, socket_folder):
    with pytest.raises(FileNotFoundError):
        await loop.create_unix_server(accepting, str(socket_folder / "nowhere" / "socket"))


async def test_arguments_of_servers_that_do_not_go_together(loop, accepting, socket_path):
    both = pytest.raises(ValueError, match="path and sock can not be specified at the same time")
    with socket.socket(socket.AF_UNIX) as sock, both:
        await loop.create_unix_server(accepting, socket_path, sock=sock)
    with pytest.raises(ValueError, match="path was not specified, and no sock specified"):
        await loop.create_unix_server(accepting)
    with pytest.raises(TypeError, match="ssl argument must be an SSLContext or None"):
        await loop.create_unix_server(accepting, socket_path, ssl=True)
    for option in ("ssl_handshake_timeout", "ssl_shutdown_timeout"):
        with pytest.raises(ValueError, match=f"{option} is only meaningful with ssl"):
            await loop.create_unix_server(accepting, socket_path, **{option: 1})
    assert not os.path.exists(socket_path)


@pytest.mark.parametrize(
    ("family", "kind"),
    [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM)],
)
async def test_a_socket_of_another_kind(loop, family, kind):
    with socket.socket(family, kind) as sock:
        with pytest.raises(ValueError, match="A UNIX Domain Stream Socket was expected, got <sock"):
            await loop.create_unix_server(Recorder, sock=sock)
        with pytest.raises(ValueError, match="A UNIX Domain Stream Socket was expected, got <sock"):
            await loop.create_unix_connection(Recorder, sock=sock)


@pytest.mark.rondel_only("asyncio: IndexError, and a socket that stays open")
async def test_an_empty_path(loop, accepting):
    with pytest.raises(ValueError, match="path is empty"):
        await loop.create_unix_server(accepting, "")


# --- The file, when the server closes -------------------------------------------------------------


async def test_the_file_of_a_closed_server(loop, accepting, socket_path):
    """Removed by default from 3.13 on; before, it stayed."""
    server = await loop.create_unix_server(accepting, socket_path)
    assert stat.S_ISSOCK(os.stat(socket_path).st_mode)
    await closed(server)
    assert os.path.exists(socket_path) is not CLEANS_UP


@cleans_up
async def test_the_file_of_a_given_socket(loop, accepting, socket_path):
    await closed(await loop.create_unix_server(accepting, sock=bound(socket_path)))
    assert not os.path.exists(socket_path)


@cleans_up
async def test_a_file_that_shall_stay(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path, cleanup_socket=False)
    await closed(server)
    assert os.path.exists(socket_path)


@pytest.mark.rondel_only("asyncio has the argument from 3.13 on")
@pytest.mark.parametrize("cleanup", [True, False])
async def test_cleanup_can_be_asked_for_in_each_version(loop, accepting, socket_path, cleanup):
    server = await loop.create_unix_server(accepting, socket_path, cleanup_socket=cleanup)
    await closed(server)
    assert os.path.exists(socket_path) is not cleanup


async def test_a_file_that_is_gone(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path)
    os.unlink(socket_path)
    await closed(server)


async def test_a_file_that_is_anothers_by_now(loop, accepting, socket_path):
    server = await loop.create_unix_server(accepting, socket_path)
    os.rename(socket_path, socket_path + ".old")
    with bound(socket_path):
        await closed(server)
        assert os.path.exists(socket_path)


async def test_a_second_server_takes_the_path_over(loop, socket_path):
    first, second = Accepting(), Accepting()
    old = await loop.create_unix_server(first, socket_path)
    os.rename(socket_path, socket_path + ".old")  # so that the inode is not used again
    new = await loop.create_unix_server(second, socket_path)
    await closed(old)
    await converse(client_of(socket_path), second)
    assert first.made == []
    await closed(new)


@cleans_up
async def test_a_file_that_cannot_be_removed(loop, accepting, socket_folder, socket_path, log):
    server = await loop.create_unix_server(accepting, socket_path)
    moved = str(socket_folder) + ".moved"
    os.rename(socket_folder, moved)
    socket_folder.write_text("no folder")
    try:
        await closed(server)
    finally:
        socket_folder.unlink()
        os.rename(moved, socket_folder)
    message = log.take_one().getMessage()
    assert message.startswith(
        f"Unable to clean up listening UNIX socket {socket_path!r}: NotADirectory"
    )
