"""What else serves as a pipe: FIFOs, terminals, sockets, devices."""

import asyncio
import os
import pathlib
import pty
import socket
import tty

import pytest

from support.pipes import pipe
from support.protocols import BufferedRecorder, Recorder
from support.turns import turns

DEV_NULL = pathlib.Path(os.devnull)


async def test_a_fifo(loop, tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    both = path.open("r+b", buffering=0)  # so that neither open waits for the other
    reader, read = await loop.connect_read_pipe(Recorder, path.open("rb", buffering=0))
    writer, write = await loop.connect_write_pipe(Recorder, path.open("wb", buffering=0))
    both.close()
    writer.write(b"data")
    assert await read.received(4) == b"data"
    writer.close()
    assert await write.lost is None
    assert await read.lost is None
    assert read.names == ["made", "data", "eof", "lost"]
    assert reader.is_closing()


async def test_the_reader_of_a_fifo_goes(loop, tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    _, write = await loop.connect_write_pipe(Recorder, path.open("wb", buffering=0))
    os.close(reading)
    assert await write.lost is None


def terminal():
    """The file objects of the master and the slave end of a terminal in raw mode."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return open(master, "r+b", buffering=0), open(slave, "r+b", buffering=0)


async def test_reading_from_a_terminal(loop):
    master, slave = terminal()
    with master:
        transport, protocol = await loop.connect_read_pipe(Recorder, slave)
        master.write(b"typed")
        assert await protocol.received(5) == b"typed"
        transport.close()
        assert await protocol.lost is None
        await turns(1)
        assert slave.closed


async def test_a_terminal_hangs_up(loop):
    """Linux says EIO then, which is the ordinary end and no matter for the exception handler."""
    master, slave = terminal()
    _, protocol = await loop.connect_read_pipe(Recorder, master)
    slave.write(b"last words")
    slave.close()
    assert await protocol.received(10) == b"last words"
    error = await protocol.lost
    assert isinstance(error, OSError)
    assert protocol.names == ["made", "data", "lost"]


async def test_writing_to_a_terminal_whose_input_has_come(loop):
    """That the descriptor can be read does not mean that the other side has gone."""
    master, slave = terminal()
    with master:
        transport, protocol = await loop.connect_write_pipe(Recorder, slave)
        master.write(b"input")
        await turns(3)
        assert not transport.is_closing()
        transport.write(b"output")
        assert master.read(100) == b"output"
        transport.close()
        assert await protocol.lost is None


async def test_one_descriptor_of_a_terminal_for_both(loop):
    master, slave = terminal()
    with slave:
        reader, read = await loop.connect_read_pipe(Recorder, master)
        writer, write = await loop.connect_write_pipe(Recorder, master)
        slave.write(b"in")
        assert await read.received(2) == b"in"
        chunk = b"o" * 1_000_000
        writer.write(chunk)
        assert writer.get_write_buffer_size()
        slave.write(b"put")
        assert await read.received(5) == b"input"

        def drain():
            got = 0
            while got < len(chunk):
                got += len(slave.read(65536))
            return got

        assert await loop.run_in_executor(None, drain) == len(chunk)
        while writer.get_write_buffer_size():
            await turns(1)
        writer.close()
        reader.close()
        assert await read.lost is None
        assert await write.lost is None


async def test_sockets(loop):
    left, right = socket.socketpair()
    reader, read = await loop.connect_read_pipe(Recorder, left)
    writer, write = await loop.connect_write_pipe(Recorder, right)
    writer.write(b"data")
    assert await read.received(4) == b"data"
    assert reader.get_extra_info("pipe") is left
    reader.close()
    assert await read.lost is None
    assert await write.lost is None
    await turns(1)
    assert left.fileno() == right.fileno() == -1


async def test_dev_null_can_be_written(loop):
    transport, protocol = await loop.connect_write_pipe(Recorder, DEV_NULL.open("wb", buffering=0))
    transport.write(b"x" * 1_000_000)
    assert transport.get_write_buffer_size() == 0
    transport.close()
    assert await protocol.lost is None


@pytest.mark.rondel_only("asyncio reports the error, and the protocol waits for ever")
async def test_dev_null_ends_one_way_or_the_other(loop, problems):
    """epoll takes no device that is always ready; poll does, and its end is read."""
    reader = asyncio.StreamReader()
    null = DEV_NULL.open("rb", buffering=0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), null)
    if loop._core.selector == "poll":
        assert await reader.read() == b""
        return
    with pytest.raises(PermissionError):
        await reader.read()
    assert isinstance(problems.take_one()["exception"], PermissionError)


@pytest.mark.rondel_only("asyncio knows buffered protocols for sockets only")
async def test_a_buffered_protocol(loop):
    ours, theirs = pipe()
    _, protocol = await loop.connect_read_pipe(BufferedRecorder, ours)
    theirs.write(b"data")
    assert await protocol.received(4) == b"data"
    theirs.close()
    assert await protocol.lost is None


@pytest.mark.rondel_only("asyncio's selector goes by numbers")
async def test_a_closed_number_that_serves_another_file(loop):
    """A program closes a pipe behind its transport's back, and its number goes to a stranger."""
    ours, theirs = pipe()
    transport, protocol = await loop.connect_read_pipe(Recorder, ours)
    await turns(2)
    left, right = socket.socketpair()
    with left, right, theirs:
        left.setblocking(False)
        number = ours.fileno()
        os.close(number)
        stranger = socket.socket(fileno=os.dup2(left.fileno(), number))
        stranger.setblocking(False)
        receiving = asyncio.ensure_future(loop.sock_recv(stranger, 10))
        await turns(2)
        right.send(b"data")
        assert await receiving == b"data"
        receiving = asyncio.ensure_future(loop.sock_recv(stranger, 10))
        await turns(2)
        transport.pause_reading()
        right.send(b"more")
        assert await receiving == b"more", "the stranger is still watched"
        stranger.detach()
        transport.close()
        await turns(1)
        assert protocol.lost.done()
