"""Cancellation leaves no child and no descriptor, wherever it strikes."""

import asyncio
import gc
import os
import signal
import subprocess
from asyncio.subprocess import PIPE

import pytest

from support.children import BLOCKED, descriptors, is_child, until_exists
from support.turns import turns, until


@pytest.fixture(autouse=True)
def told_in_debug_mode(log):
    """Debug mode warns of each close() that kills."""
    yield
    log.records = [r for r in log.records if not r.getMessage().startswith("Close running child")]


class Started:
    """The numbers of the children that were started."""

    def __init__(self, monkeypatch):
        self.pids = []
        start = subprocess.Popen.__init__

        def note(popen, *args, **kwargs):
            start(popen, *args, **kwargs)
            self.pids.append(popen.pid)

        monkeypatch.setattr(subprocess.Popen, "__init__", note)


@pytest.fixture
def started(monkeypatch):
    return Started(monkeypatch)


@pytest.mark.parametrize("after", range(9))
async def test_creation_cancelled_after_some_turns(loop, started, after):
    before = descriptors()
    creating = asyncio.ensure_future(
        asyncio.create_subprocess_exec(*BLOCKED, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    )
    await turns(after)
    creating.cancel()
    try:
        process = await creating
    except asyncio.CancelledError:
        pass
    else:
        process.kill()
        await process.wait()
        del process
    assert not any(map(is_child, started.pids))
    del creating
    await turns(5)
    gc.collect()
    assert descriptors() <= before


@pytest.mark.rondel_only("asyncio waits for the pipes, which live on in the grandchild")
async def test_creation_cancelled_though_a_grandchild_keeps_the_pipes(loop, started, tmp_path):
    """That the child is gone is enough; its children may live on."""
    before = descriptors()
    path = tmp_path / "pid"
    command = f"sleep 3600 & echo $! >{path}.new; mv {path}.new {path}; wait"
    creating = asyncio.ensure_future(asyncio.create_subprocess_shell(command, stdout=PIPE))
    await turns(1)
    # No turn of the loop passes meanwhile.
    until_exists(path)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    assert not is_child(started.pids[0])
    del creating
    await turns(5)
    gc.collect()
    assert descriptors() <= before
    os.kill(int(path.read_text()), signal.SIGKILL)


async def test_creation_cancelled_twice(loop, started):
    before = descriptors()
    creating = asyncio.ensure_future(asyncio.create_subprocess_exec(*BLOCKED, stdout=PIPE))
    await turns(1)
    creating.cancel()
    await turns(1)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    await until(lambda: not any(map(is_child, started.pids)))
    del creating
    await turns(5)
    gc.collect()
    assert descriptors() <= before


async def test_cancelled_communicate_leaves_the_child(loop):
    process = await asyncio.create_subprocess_exec("/bin/cat", stdin=PIPE, stdout=PIPE)
    communicating = asyncio.ensure_future(process.communicate(b"x" * 1_000_000))
    await turns(1)
    communicating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await communicating
    assert process.returncode is None
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    process._transport.close()


async def test_cancelled_wait_leaves_the_child(loop):
    process = await asyncio.create_subprocess_exec(*BLOCKED)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.wait(), 0.01)
    assert process.returncode is None
    process.kill()
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.rondel_only("asyncio waits for ever for the pipe that was never connected")
@pytest.mark.parametrize("failing", ["connect_read_pipe", "connect_write_pipe"])
async def test_a_pipe_that_cannot_be_connected(loop, started, monkeypatch, failing):
    async def fail(*args):
        raise OSError("expected")

    before = descriptors()
    monkeypatch.setattr(loop, failing, fail, raising=False)
    with pytest.raises(OSError, match="expected"):
        await asyncio.create_subprocess_exec(*BLOCKED, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert not is_child(started.pids[0])
    await turns(5)
    gc.collect()
    assert descriptors() == before


async def test_nothing_is_left_after_many(loop):
    async def one(number):
        process = await asyncio.create_subprocess_exec("/bin/cat", stdin=PIPE, stdout=PIPE)
        if number % 2:
            await process.communicate(b"data")
        else:
            process.kill()
            await process.wait()
        return process.pid

    await one(0)
    gc.collect()
    before = descriptors()
    for _ in range(5):
        pids = await asyncio.gather(*map(one, range(20)))
        await turns(5)
        assert not any(map(is_child, pids))
    gc.collect()
    assert descriptors() == before
