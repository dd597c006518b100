"""subprocess_exec with a protocol of one's own: events, the transport, errors in callbacks."""

import asyncio
import gc
import os
import signal
import warnings

import pytest

from support.children import BLOCKED, CAT, Gate, is_child, python
from support.turns import turns, until


@pytest.fixture(autouse=True)
def told_in_debug_mode(log):
    """Debug mode warns of each close() that kills."""
    yield
    log.records = [r for r in log.records if not r.getMessage().startswith("Close running child")]


class Recorder(asyncio.SubprocessProtocol):
    """Keeps the events of one child."""

    def __init__(self):
        self.events = []
        self.data = {1: b"", 2: b""}
        self.exited = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.events.append("made")
        self.transport = transport

    def pipe_data_received(self, fd, data):
        self.events.append(f"data {fd}")
        self.data[fd] += data

    def pipe_connection_lost(self, fd, exc):
        self.events.append(f"pipe {fd}")

    def process_exited(self):
        self.events.append("exited")
        self.exited.set_result(self.transport.get_returncode())

    def connection_lost(self, exc):
        self.events.append("lost")
        self.lost.set_result(exc)


async def test_events(loop):
    code = "import sys; sys.stdout.write('out'); sys.stderr.write('err')"
    transport, protocol = await loop.subprocess_exec(Recorder, *python(code))
    assert transport is not None
    assert await protocol.lost is None
    assert protocol.events[0] == "made"
    assert protocol.events[-1] == "lost"
    assert sorted(protocol.events[1:-1]) == [
        "data 1",
        "data 2",
        "exited",
        "pipe 0",
        "pipe 1",
        "pipe 2",
    ]
    assert protocol.data == {1: b"out", 2: b"err"}
    assert protocol.exited.result() == 0
    transport.close()
    assert transport.get_returncode() == 0


async def test_shell(loop):
    transport, protocol = await loop.subprocess_shell(Recorder, "echo $((6*7)); exit 5", stdin=None)
    assert await protocol.lost is None
    assert protocol.data[1] == b"42\n"
    assert transport.get_returncode() == 5
    transport.close()


async def test_the_transport(loop):
    transport, protocol = await loop.subprocess_exec(Recorder, *CAT)
    assert isinstance(transport, asyncio.SubprocessTransport)
    process = transport.get_extra_info("subprocess")
    assert process.pid == transport.get_pid()
    assert transport.get_returncode() is None
    assert transport.get_protocol() is protocol
    assert not transport.is_closing()
    assert f"pid={process.pid} running stdin=<" in repr(transport)
    stdin = transport.get_pipe_transport(0)
    assert isinstance(stdin, asyncio.WriteTransport)
    assert isinstance(transport.get_pipe_transport(1), asyncio.ReadTransport)
    assert transport.get_pipe_transport(3) is None
    stdin.write(b"data")
    stdin.close()
    assert await protocol.lost is None
    assert protocol.data[1] == b"data"
    assert "returncode=0" in repr(transport)
    transport.close()
    assert transport.is_closing()


async def test_pausing_a_pipe(loop):
    transport, protocol = await loop.subprocess_exec(Recorder, *CAT)
    out = transport.get_pipe_transport(1)
    out.pause_reading()
    stdin = transport.get_pipe_transport(0)
    stdin.write(b"data")
    stdin.close()
    assert await protocol.exited == 0
    await turns(3)
    assert protocol.data[1] == b""
    out.resume_reading()
    assert await protocol.lost is None
    assert protocol.data[1] == b"data"
    transport.close()


async def test_close_kills(loop):
    transport, protocol = await loop.subprocess_exec(Recorder, *BLOCKED)
    transport.close()
    transport.close()
    assert await protocol.lost is None
    assert transport.get_returncode() == -signal.SIGKILL
    assert sorted(protocol.events) == ["exited", "lost", "made", "pipe 0", "pipe 1", "pipe 2"]


@pytest.mark.rondel_only("asyncio loses the status, and reports 255")
async def test_close_of_one_that_has_ended_is_no_kill(loop):
    """Nor is its status lost, though nobody has heard of it yet."""
    gate = Gate()
    transport, protocol = await loop.subprocess_exec(Recorder, *Gate.ARGUMENTS, stdin=gate.stdin)
    gate.open(transport.get_pid())
    transport.close()
    await protocol.lost
    assert transport.get_returncode() == 3


async def test_a_grandchild_that_keeps_the_pipes(loop):
    """The process has ended, its pipes have not; close() does not wait for them."""
    transport, protocol = await loop.subprocess_exec(
        Recorder, "/bin/sh", "-c", "sleep 3600 & echo $!"
    )
    assert await protocol.exited == 0
    await until(lambda: protocol.data[1].endswith(b"\n"))
    assert "lost" not in protocol.events
    transport.close()
    assert await protocol.lost is None
    os.kill(int(protocol.data[1]), signal.SIGKILL)


@pytest.mark.parametrize(
    "callback",
    ["connection_made", "pipe_data_received", "pipe_connection_lost", "process_exited"],
)
async def test_errors_in_callbacks_are_reported(loop, problems, callback):
    def fail(self, *args):
        getattr(Recorder, callback)(self, *args)
        raise ValueError("expected")

    failing = type("Failing", (Recorder,), {callback: fail})
    transport, protocol = await loop.subprocess_shell(failing, "echo data", stdin=None)
    assert await protocol.lost is None
    await turns(1)
    assert protocol.data[1] == b"data\n"
    contexts = problems.take()
    assert contexts
    assert {str(context["exception"]) for context in contexts} == {"expected"}
    transport.close()


async def test_an_error_in_connection_lost_is_reported(loop, problems):
    class Failing(Recorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ValueError("expected")

    transport, protocol = await loop.subprocess_shell(Failing, "exit 1", stdin=None)
    await protocol.lost
    await turns(1)
    assert str(problems.take_one()["exception"]) == "expected"
    transport.close()


async def test_a_protocol_factory_that_fails_starts_nothing(loop):
    def factory():
        raise ValueError("expected")

    with pytest.raises(ValueError, match="expected"):
        await loop.subprocess_exec(factory, *BLOCKED)


@pytest.mark.rondel_only("asyncio fails: a pipe cannot be closed without its loop")
def test_a_child_that_outlives_its_loop_is_killed_and_reaped(loop):
    async def main():
        transport, _ = await loop.subprocess_exec(asyncio.SubprocessProtocol, *BLOCKED)
        return transport

    transport = loop.run_until_complete(main())
    pid = transport.get_pid()
    loop.close()
    assert is_child(pid)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del transport
        gc.collect()
    messages = [str(w.message) for w in caught]
    assert any(f"unclosed transport <SubprocessTransport pid={pid}" in m for m in messages), (
        messages
    )
    assert {w.category for w in caught} == {ResourceWarning}
    assert not is_child(pid), "no zombie is left"


@pytest.mark.rondel_only("asyncio fails: a pipe cannot be closed without its loop")
def test_close_after_the_loop(loop):
    async def main():
        transport, _ = await loop.subprocess_exec(asyncio.SubprocessProtocol, *BLOCKED)
        return transport

    transport = loop.run_until_complete(main())
    loop.close()
    transport.close()
    assert not is_child(transport.get_pid())


async def test_debug_mode_tells_of_a_close_that_kills(loop, log):
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    transport, protocol = await loop.subprocess_exec(Recorder, *BLOCKED)
    transport.close()
    await protocol.lost
    (message,) = log.messages()
    assert message.startswith("Close running child process: kill <")
