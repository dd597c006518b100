"""Signals to children: that they arrive, and that none reaches a process that is not ours."""

import asyncio
import os
import signal
import subprocess
import threading
from asyncio.subprocess import PIPE

import pytest

from support import child
from support.children import BLOCKED, Gate, is_child, python, until_ended, without_pidfds
from support.threads import in_thread


@pytest.fixture(params=["pidfd", "thread"])
def way(request, loop_kind, monkeypatch):
    """How the loop hears of the end of a child: what the kernel gives, or a thread that waits."""
    if request.param == "thread":
        if loop_kind == "asyncio":
            pytest.skip("asyncio has ways of its own")
        without_pidfds(monkeypatch)


async def blocked():
    """A child that runs until a signal ends it."""
    return await asyncio.create_subprocess_exec(*BLOCKED)


@pytest.mark.parametrize(
    ("send", "number"),
    [
        (lambda process: process.terminate(), signal.SIGTERM),
        (lambda process: process.kill(), signal.SIGKILL),
        (lambda process: process.send_signal(signal.SIGHUP), signal.SIGHUP),
        (lambda process: process.send_signal(2), signal.SIGINT),
    ],
    ids=["terminate", "kill", "hangup", "interrupt"],
)
async def test_signals_arrive(loop, way, send, number):
    process = await blocked()
    send(process)
    assert await process.wait() == -number


async def test_a_signal_that_the_child_handles(loop, way):
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\n"
        "signal.pause()"
    )
    process = await asyncio.create_subprocess_exec(*python(code), stdout=PIPE)
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(0)
    process.send_signal(signal.SIGUSR1)
    assert await process.wait() == 7


async def test_no_such_signal(loop, way):
    process = await blocked()
    with pytest.raises(OSError, match="Invalid argument"):
        process.send_signal(12345)
    process.kill()
    await process.wait()


async def test_a_process_that_is_gone(loop, way):
    process = await asyncio.create_subprocess_exec("/bin/true")
    await process.wait()
    for send in (process.kill, process.terminate, lambda: process.send_signal(signal.SIGHUP)):
        with pytest.raises(ProcessLookupError):
            send()


@pytest.mark.rondel_only("asyncio loses the status before 3.13, and reports 255")
async def test_a_process_that_has_ended_and_nobody_knows(loop, way):
    """Its number is still its own: the signal goes nowhere."""
    gate = Gate()
    process = await asyncio.create_subprocess_exec(*Gate.ARGUMENTS, stdin=gate.stdin)
    gate.open(process.pid)
    process.kill()
    assert await process.wait() == 3


@pytest.mark.rondel_only("asyncio sends the signal to whoever has the number")
async def test_never_a_signal_to_a_stranger(loop, way, monkeypatch, log):
    """Somebody else has taken the status; the number may be another process's by now."""
    process = await blocked()
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)

    def forbidden(*args):
        raise AssertionError("a signal to a stranger")

    monkeypatch.setattr(os, "kill", forbidden)
    for send in (process.kill, process.terminate, lambda: process.send_signal(signal.SIGHUP)):
        with pytest.raises(ProcessLookupError):
            send()
    assert await process.wait() == 255
    with pytest.raises(ProcessLookupError):
        process.kill()
    log.take_one()


@pytest.mark.rondel_only("before 3.12 it is a thread of asyncio's that takes the status")
async def test_somebody_else_takes_the_status(loop, way, log):
    gate = Gate()
    process = await asyncio.create_subprocess_exec(*Gate.ARGUMENTS, stdin=gate.stdin)
    gate.open(process.pid)
    os.waitpid(process.pid, 0)
    assert await process.wait() == 255
    assert f"pid {process.pid}" in log.take_one().getMessage()


@pytest.mark.rondel_only("asyncio reports 255")
async def test_the_program_polls(loop, way):
    """With a look at the Popen object the status is not lost."""
    gate = Gate()
    transport, _ = await loop.subprocess_exec(
        asyncio.SubprocessProtocol, *Gate.ARGUMENTS, stdin=gate.stdin, stdout=None, stderr=None
    )
    popen = transport.get_extra_info("subprocess")
    gate.open(popen.pid)
    assert popen.poll() == 3
    assert await transport._wait() == 3
    transport.close()


@pytest.mark.rondel_only(
    "asyncio raises ProcessLookupError for a child that is gone before it looks"
)
async def test_sigchld_is_ignored(loop, way, log):
    """The kernel drops the status of children then."""
    previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        processes = [await asyncio.create_subprocess_exec("/bin/true") for _ in range(5)]
        assert [await process.wait() for process in processes] == [255] * 5
        assert len(log.messages()) == 5
        process = await blocked()
        process.kill()
        assert await process.wait() == 255
        log.take_one()
    finally:
        signal.signal(signal.SIGCHLD, previous)


async def test_other_children_of_the_program_are_left_alone(loop, way):
    with subprocess.Popen(["/bin/sh", "-c", "exit 9"]) as other:
        until_ended(other.pid)
        process = await asyncio.create_subprocess_exec("/bin/true")
        assert await process.wait() == 0
        assert is_child(other.pid)
        assert other.wait() == 9


def test_in_another_thread(new_loop, way):
    async def main():
        process = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exit 3")
        assert await process.wait() == 3
        process = await blocked()
        process.terminate()
        return await process.wait()

    def work():
        loop = new_loop()
        try:
            return loop.run_until_complete(main())
        finally:
            loop.close()

    assert in_thread(work) == -signal.SIGTERM


async def test_many_at_once(loop, way):
    processes = await asyncio.gather(*(blocked() for _ in range(50)))
    for process in processes:
        process.kill()
    assert await asyncio.gather(*(process.wait() for process in processes)) == [-9] * 50
    assert not any(is_child(process.pid) for process in processes)


@pytest.mark.rondel_only("asyncio has no second way")
async def test_out_of_threads_and_pidfds(loop, monkeypatch):
    """No child is left that nobody would hear of."""
    without_pidfds(monkeypatch)
    started = []
    start = subprocess.Popen.__init__

    def note(self, *args, **kwargs):
        start(self, *args, **kwargs)
        started.append(self.pid)

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(subprocess.Popen, "__init__", note)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        await asyncio.create_subprocess_exec(*BLOCKED, stdin=PIPE, stdout=PIPE)
    assert len(started) == 1
    assert not is_child(started[0])


FORK = """
    import asyncio, errno, gc, os, sys, warnings
    from support import loops
    from support.children import BLOCKED

    if sys.argv[1] == "thread":
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
        def refuse(pid, flags=0):
            raise OSError(errno.ENOSYS, "not there")
        os.pidfd_open = refuse

    async def start():
        return await asyncio.create_subprocess_exec(*BLOCKED)

    async def finish():
        process.terminate()
        return await process.wait()

    loop = loops.new_loop()
    process = loop.run_until_complete(start())
    reading, writing = os.pipe()
    forked = os.fork()
    if not forked:
        CHILD
        os._exit(0)
    PARENT
    print(loop.run_until_complete(finish()))
    os.close(writing)
    os.waitpid(forked, 0)
    loop.close()
"""
LEAVES = "warnings.simplefilter('ignore'); loop.close(); del process; gc.collect()"


@pytest.mark.rondel_only("asyncio's loop cannot be closed in a forked child without harm")
@pytest.mark.parametrize("way", ["pidfd", "thread"])
def test_a_forked_child_does_not_kill_the_children_of_its_parent(loop_kind, way):
    """There the transport is garbage, and the process another one's child."""
    waits = "assert os.waitid(os.P_PID, forked, os.WEXITED | os.WNOWAIT).si_status == 0"
    source = FORK.replace("CHILD", LEAVES).replace("PARENT", waits)
    assert child.output(loop_kind, source, way) == "-15\n"


@pytest.mark.parametrize("way", ["pidfd", "thread"])
def test_a_forked_child_that_lives_on_does_not_delay_the_news(loop_kind, way):
    """It has copies of all descriptors."""
    if loop_kind == "asyncio" and way == "thread":
        pytest.skip("asyncio has ways of its own")
    source = FORK.replace("CHILD", "os.close(writing); os.read(reading, 1)").replace("PARENT", "")
    assert child.output(loop_kind, source, way) == "-15\n"
