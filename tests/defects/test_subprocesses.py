"""Children start as subprocess.Popen starts them (uvloop#749), and SIGCHLD stays the program's."""

import asyncio
import functools
import signal
import subprocess
import sys

import pytest

from support import child

# Prints the hooks that run for children of subprocess.Popen and of the loop, each of its kind.
HOOKS = """
    import asyncio, os, subprocess, sys
    from support.loops import new_loop

    log = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR | os.O_APPEND)

    def hook(name):
        return lambda: os.write(log, name.encode() + b" ")

    os.register_at_fork(
        before=hook("before"), after_in_parent=hook("parent"), after_in_child=hook("child")
    )
    COMMAND = [sys.executable, "-c", "pass"]

    def noted(code):
        assert code == 0, code
        size = os.lseek(log, 0, os.SEEK_END)
        written = sorted(os.pread(log, size, 0).decode().split())
        os.ftruncate(log, 0)
        return written

    async def run(**arguments):
        process = await asyncio.create_subprocess_exec(*COMMAND, **arguments)
        return await process.wait()

    async def shell(**arguments):
        process = await asyncio.create_subprocess_shell("true", **arguments)
        return await process.wait()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.sleep(0))
        for arguments in ({}, {"preexec_fn": hook("preexec")}, {"start_new_session": True}):
            expected = noted(subprocess.Popen(COMMAND, **arguments).wait())
            for started in (run, shell):
                ran = noted(runner.run(started(**arguments)))
                assert ran == expected, (arguments, ran, expected)
            print(*expected)
"""


def test_at_fork_hooks_run_as_subprocess_popen_runs_them(loop_kind, tmp_path):
    out = child.output(loop_kind, HOOKS, str(tmp_path / "log"))
    assert out == "\nbefore child parent preexec\n\n"


async def ended(status: int) -> int:
    """The status of a child of the loop that ends with it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"raise SystemExit({status})"
    )
    return await process.wait()


@pytest.fixture
def sigchld():
    """Put the handler of SIGCHLD back."""
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, before)


async def test_sigchld_has_no_handler_of_the_loops(loop, sigchld):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
    assert signal.SIGCHLD not in loop._signal_handlers
    await process.communicate(b"\n")
    assert process.returncode == 0
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL


async def test_sigchld_stays_with_the_programs_handler(loop, sigchld):
    seen = []

    def handler(number, frame):
        seen.append(number)

    signal.signal(signal.SIGCHLD, handler)
    assert await asyncio.gather(*(ended(status) for status in (3, 4))) == [3, 4]
    assert signal.getsignal(signal.SIGCHLD) is handler
    assert set(seen) == {signal.SIGCHLD}


async def test_sigchld_may_be_handled_by_the_loop_for_the_program(loop, sigchld):
    seen = asyncio.Event()
    loop.add_signal_handler(signal.SIGCHLD, seen.set)
    assert await ended(5) == 5
    await seen.wait()
    assert loop.remove_signal_handler(signal.SIGCHLD)
    assert await ended(6) == 6


async def test_children_of_the_program_are_left_to_it(loop):
    """Nobody else's status is taken: not before, while, or after a child of the loop ends."""
    others = [
        subprocess.Popen([sys.executable, "-c", f"raise SystemExit({status})"])
        for status in (11, 12)
    ]
    assert await asyncio.gather(*(ended(status) for status in (7, 8))) == [7, 8]
    assert [await asyncio.to_thread(other.wait) for other in others] == [11, 12]


class Maker:
    def __call__(self):
        return asyncio.SubprocessProtocol()


@pytest.mark.parametrize(
    "factory",
    [
        asyncio.SubprocessProtocol,
        Maker(),
        Maker().__call__,
        functools.partial(asyncio.SubprocessProtocol),
    ],
    ids=["class", "callable object", "method", "partial"],
)
@pytest.mark.parametrize("method", ["subprocess_exec", "subprocess_shell"])
async def test_subprocesses_take_any_callable_as_protocol_factory(loop, method, factory):
    start = {
        "subprocess_exec": functools.partial(loop.subprocess_exec, factory, "true"),
        "subprocess_shell": functools.partial(loop.subprocess_shell, factory, "true"),
    }[method]
    transport, protocol = await start(stdin=None, stdout=None, stderr=None)
    assert type(protocol) is asyncio.SubprocessProtocol
    assert await transport._wait() == 0
    transport.close()
