"""sendfile and sock_sendfile: what is sent, where the file stands after it, and what goes wrong."""

import asyncio
import contextlib
import io
import os
import socket

import pytest

from support.net import connected, receive_all, receive_exactly, reset, tcp_pair
from support.turns import turns

DATA = bytes(range(256)) * 4000  # more than the small buffers of the kernel take


@pytest.fixture
def file(tmp_path):
    """A regular file with DATA in it."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        yield file


@pytest.fixture
def pair():
    """A non-blocking socket with small buffers, and its blocking peer."""
    ours, theirs = tcp_pair(65536)
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


class Sock:
    """sock_sendfile on a plain socket."""

    name = "sock_sendfile"

    def __init__(self, ours, theirs):
        self.ours, self.peer = ours, theirs

    async def open(self):
        return self

    async def send(self, file, *args, **kwargs):
        loop = asyncio.get_running_loop()
        return await loop.sock_sendfile(self.ours, file, *args, **kwargs)

    def end(self):
        self.ours.close()

    async def close(self):
        """Nothing else is open."""


class Transport(Sock):
    """sendfile on a transport."""

    name = "sendfile"

    async def open(self):
        self.ours.settimeout(0)
        self.transport, self.protocol = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=self.ours
        )
        return self

    async def send(self, file, *args, **kwargs):
        loop = asyncio.get_running_loop()
        return await loop.sendfile(self.transport, file, *args, **kwargs)

    def end(self):
        self.transport.close()

    async def close(self):
        self.transport.abort()
        await turns(3)


@pytest.fixture(params=[Sock, Transport], ids=lambda way: way.name)
def way(request, pair):
    """Each of the two methods."""
    return request.param(*pair)


async def received(way, count):
    return await asyncio.to_thread(receive_exactly, way.peer, count)


@pytest.mark.parametrize(
    ("offset", "count", "expected"),
    [
        (0, None, DATA),
        (1000, None, DATA[1000:]),
        (0, 5, DATA[:5]),
        (len(DATA) - 7, 100, DATA[-7:]),
        (300_000, 500_000, DATA[300_000:800_000]),
        (0, len(DATA), DATA),
        (len(DATA), None, b""),
        (len(DATA) + 5, 3, b""),
    ],
)
@pytest.mark.parametrize("fallback", [True, False])
async def test_a_part_of_a_file(loop, way, file, offset, count, expected, fallback):
    await way.open()
    task = asyncio.create_task(way.send(file, offset, count, fallback=fallback))
    data = await received(way, len(expected))
    assert await task == len(expected)
    assert data == expected
    assert file.tell() == (offset + len(expected) if expected else 0)
    await way.close()


async def test_a_file_without_a_descriptor_is_read_and_sent(loop, way):
    await way.open()
    task = asyncio.create_task(way.send(io.BytesIO(DATA), 10, 500_000))
    assert await received(way, 500_000) == DATA[10:500_010]
    assert await task == 500_000
    await way.close()


async def test_without_fallback_it_says_that_it_can_not(loop, way):
    await way.open()
    with pytest.raises(asyncio.SendfileNotAvailableError, match="not a regular file"):
        await way.send(io.BytesIO(b"data"), fallback=False)
    await way.close()


async def test_a_system_without_sendfile(loop, way, file, monkeypatch):
    monkeypatch.delattr(os, "sendfile")
    await way.open()
    with pytest.raises(
        asyncio.SendfileNotAvailableError, match=r"os.sendfile\(\) is not available"
    ):
        await way.send(file, fallback=False)
    task = asyncio.create_task(way.send(file, 10, 1000))
    assert await received(way, 1000) == DATA[10:1010]
    assert await task == 1000
    await way.close()


async def test_an_empty_file(loop, way, tmp_path):
    await way.open()
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open("rb") as empty:
        assert await way.send(empty) == 0
        assert await way.send(empty, 5, 5) == 0
    await way.close()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((-1,), ValueError),
        ((0, 0), ValueError),
        ((0, -1), ValueError),
        ((1.5,), TypeError),
        ((0, 1.5), TypeError),
        (("0",), TypeError),
    ],
    ids=repr,
)
async def test_wrong_arguments(loop, way, file, arguments, error):
    await way.open()
    with pytest.raises(error, match=r"must be a (positive|non-negative) integer"):
        await way.send(file, *arguments)
    await way.close()


async def test_a_text_file_is_refused(loop, way, file):
    await way.open()
    with open(file.name) as text, pytest.raises(ValueError, match="binary mode"):
        await way.send(text)
    await way.close()


async def test_cancelled_in_the_middle(loop, loop_kind, way, file):
    await way.open()
    task = asyncio.create_task(way.send(file))
    await turns(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    way.end()
    await way.close()
    sent = await asyncio.to_thread(receive_all, way.peer)
    assert 0 < len(sent) < len(DATA)
    assert sent == DATA[: len(sent)]
    if loop_kind == "rondel":  # asyncio leaves it where it was
        assert file.tell() == len(sent)


async def test_a_peer_that_resets_in_the_middle(loop, way, file):
    await way.open()
    task = asyncio.create_task(way.send(file))
    await turns(3)
    assert not task.done()
    reset(way.peer)
    with pytest.raises(ConnectionError):
        await task
    assert 0 < file.tell() < len(DATA)
    await way.close()


async def test_a_peer_that_closes_in_the_middle(loop, way, file):
    await way.open()
    task = asyncio.create_task(way.send(file))
    first = await received(way, 1000)
    assert first == DATA[:1000]
    way.peer.close()
    with pytest.raises(ConnectionError):
        await task
    await way.close()


async def test_writes_keep_their_order(loop, file):
    async with connected(small_buffers=True) as (transport, _, peer):
        head = b"h" * 500_000
        transport.write(head)
        assert transport.get_write_buffer_size()
        task = asyncio.create_task(loop.sendfile(transport, file))
        data = await asyncio.to_thread(receive_exactly, peer, len(head) + len(DATA))
        assert await task == len(DATA)
        transport.write(b"tail")
        assert data == head + DATA
        assert peer.recv(10) == b"tail"


async def test_nothing_else_is_written_meanwhile(loop, file):
    async with connected(small_buffers=True) as (transport, _, peer):
        task = asyncio.create_task(loop.sendfile(transport, file))
        await turns(3)
        with pytest.raises(RuntimeError, match="unable to write; sendfile is in progress"):
            transport.write(b"x")
        with pytest.raises(RuntimeError, match=r"unable to write\w*; sendfile is in progress"):
            transport.writelines([b"x"])
        data = await asyncio.to_thread(receive_exactly, peer, len(DATA))
        assert await task == len(DATA)
        assert data == DATA


async def test_reading_pauses_and_goes_on(loop, file):
    async with connected(small_buffers=True) as (transport, protocol, peer):
        await turns(3)
        task = asyncio.create_task(loop.sendfile(transport, file))
        await turns(3)
        assert not transport.is_reading()
        peer.send(b"answer")
        await turns(5)
        assert "data" not in protocol.names
        await asyncio.to_thread(receive_exactly, peer, len(DATA))
        await task
        assert transport.is_reading()
        assert await protocol.received(6) == b"answer"


async def test_paused_reading_stays_paused(loop, file):
    async with connected() as (transport, _, peer):
        transport.pause_reading()
        task = asyncio.create_task(loop.sendfile(transport, file, 0, 10))
        assert await asyncio.to_thread(receive_exactly, peer, 10) == DATA[:10]
        assert await task == 10
        assert not transport.is_reading()


async def test_a_closing_transport_is_refused(loop, file):
    async with connected() as (transport, _, _peer):
        transport.close()
        with pytest.raises(RuntimeError, match="Transport is closing"):
            await loop.sendfile(transport, file)


async def test_what_is_no_transport_of_files(loop, file):
    with pytest.raises(RuntimeError, match="sendfile is not supported for transport"):
        await loop.sendfile(Plain(), file)


class Plain(asyncio.Transport):
    def is_closing(self):
        return False


@pytest.mark.rondel_only("asyncio waits for ever")
@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_transport_closed_in_the_middle_ends_the_transfer(loop, file, how):
    async with connected(small_buffers=True) as (transport, protocol, _peer):
        task = asyncio.create_task(loop.sendfile(transport, file))
        await turns(3)
        getattr(transport, how)()
        with pytest.raises(ConnectionError, match="Connection is closed by peer"):
            await task
        assert await protocol.lost is None
        assert 0 < file.tell() < len(DATA)


@pytest.mark.rondel_only("asyncio leaves the transport unable to write")
async def test_cancelled_while_the_buffer_drains(loop, file):
    async with connected(small_buffers=True) as (transport, _, peer):
        head = b"h" * 500_000
        transport.write(head)
        task = asyncio.create_task(loop.sendfile(transport, file))
        await turns(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert transport.is_reading()
        transport.write(b"tail")
        data = await asyncio.to_thread(receive_exactly, peer, len(head) + 4)
        assert data == head + b"tail"
        assert file.tell() == 0


@pytest.mark.rondel_only("asyncio fails an assertion or mixes them")
async def test_two_files_at_once_are_refused(loop, file):
    async with connected(small_buffers=True) as (transport, _, peer):
        task = asyncio.create_task(loop.sendfile(transport, file))
        await turns(2)
        with pytest.raises(RuntimeError, match="sendfile is in progress"):
            await loop.sendfile(transport, file)
        data = await asyncio.to_thread(receive_exactly, peer, len(DATA))
        assert await task == len(DATA)
        assert data == DATA


async def test_datagram_sockets_are_refused(loop, file):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        with pytest.raises(ValueError, match="only SOCK_STREAM"):
            await loop.sock_sendfile(sock, file)


async def test_blocking_sockets_are_refused_in_debug_mode(loop, file, pair):
    ours, _ = pair
    ours.setblocking(True)
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    with pytest.raises(ValueError, match="the socket must be non-blocking"):
        await loop.sock_sendfile(ours, file)


async def test_other_threads_run_meanwhile(loop, way, file):
    """The peer's thread has to receive for the sender to come to an end."""
    await way.open()
    data, sent = await asyncio.gather(received(way, len(DATA)), way.send(file))
    assert (data, sent) == (DATA, len(DATA))
    assert os.stat(file.fileno()).st_size == sent
    await way.close()


@pytest.mark.rondel_only("asyncio reports an error of its own")
@pytest.mark.parametrize("end", ["close", "abort"])
async def test_an_end_in_the_turn_in_which_there_is_room_again(loop, problems, tmp_path, end):
    path = tmp_path / "file"
    path.write_bytes(bytes(3_000_000))
    async with connected() as (transport, protocol, peer):
        with path.open("rb") as file:
            sending = loop.create_task(loop.sendfile(transport, file))
            await turns(10)
            peer.setblocking(False)
            getattr(transport, end)()
            with contextlib.suppress(BlockingIOError):
                while peer.recv(1 << 20):
                    pass
            with pytest.raises(ConnectionError):
                await sending
            await protocol.lost
        assert problems.take() == []
