"""create_subprocess_exec and create_subprocess_shell: input, output, exit status, arguments."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT

import pytest

from support import child
from support.children import BLOCKED, CAT, descriptors, python
from support.threads import in_thread

DATA = bytes(range(256)) * 4096


async def output(*args, **kwargs):
    """What it wrote to its standard output."""
    process = await asyncio.create_subprocess_exec(*args, stdout=PIPE, **kwargs)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
async def test_exit_status(loop, status):
    process = await asyncio.create_subprocess_shell(f"exit {status}")
    assert await process.wait() == status
    assert process.returncode == status
    assert await process.wait() == status


async def test_ended_by_a_signal(loop):
    process = await asyncio.create_subprocess_shell("kill -USR1 $$")
    assert await process.wait() == -signal.SIGUSR1


async def test_communicate(loop):
    process = await asyncio.create_subprocess_exec(*CAT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.returncode is None
    assert await process.communicate(DATA) == (DATA, b"")
    assert process.returncode == 0


async def test_communicate_with_an_empty_input_closes_it(loop):
    process = await asyncio.create_subprocess_exec(*CAT, stdin=PIPE, stdout=PIPE)
    assert await process.communicate(b"") == (b"", None)


async def test_a_talk(loop):
    code = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"
    process = await asyncio.create_subprocess_exec(*python(code), stdin=PIPE, stdout=PIPE)
    for word in (b"one\n", b"two\n"):
        process.stdin.write(word)
        await process.stdin.drain()
        assert await process.stdout.readline() == word.upper()
    process.stdin.close()
    await process.stdin.wait_closed()
    assert await process.stdout.read() == b""
    assert await process.wait() == 0


async def test_stderr(loop):
    process = await asyncio.create_subprocess_shell(
        "echo out; echo err >&2", stdout=PIPE, stderr=PIPE
    )
    assert await process.communicate() == (b"out\n", b"err\n")
    process = await asyncio.create_subprocess_shell("echo err >&2", stdout=PIPE, stderr=STDOUT)
    assert await process.communicate() == (b"err\n", None)


async def test_devnull_and_files(loop, tmp_path):
    path = tmp_path / "out"
    with path.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*CAT, stdin=DEVNULL, stdout=file)
        assert process.stdin is process.stdout is None
        assert await process.wait() == 0
        process = await asyncio.create_subprocess_shell("echo data", stdout=file)
        assert await process.wait() == 0
    assert path.read_bytes() == b"data\n"


async def test_output_larger_than_any_buffer(loop):
    size = 20_000_000
    out = await output("/bin/sh", "-c", f"head -c {size} /dev/zero")
    assert out == bytes(size)


async def test_output_that_nobody_reads_holds_the_child(loop):
    process = await asyncio.create_subprocess_shell(
        "head -c 5000000 /dev/zero", stdout=PIPE, limit=100
    )
    await process.stdout.readexactly(1)
    assert process.returncode is None
    assert len(await process.stdout.read()) == 4_999_999
    assert await process.wait() == 0


async def test_a_child_that_reads_no_input(loop):
    process = await asyncio.create_subprocess_exec("/bin/true", stdin=PIPE, stdout=PIPE)
    assert await process.communicate(b"x" * 10_000_000) == (b"", None)
    assert process.returncode == 0


async def test_writing_to_a_child_that_has_gone(loop):
    process = await asyncio.create_subprocess_exec("/bin/true", stdin=PIPE)
    await process.wait()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(100):
            process.stdin.write(b"x" * 100_000)
            await process.stdin.drain()


async def test_a_child_that_closes_its_output_early(loop):
    code = "import os, sys; os.close(1); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(*python(code), stdin=PIPE, stdout=PIPE)
    assert await process.stdout.read() == b""
    assert process.returncode is None
    process.stdin.close()
    assert await process.wait() == 0


async def test_many_at_once(loop):
    async def one(number):
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f"read line; echo $line; exit {number % 100}", stdin=PIPE, stdout=PIPE
        )
        out, _ = await process.communicate(b"%d\n" % number)
        return int(out), process.returncode

    before = descriptors()
    count = 200
    results = await asyncio.gather(*map(one, range(count)))
    assert results == [(number, number % 100) for number in range(count)]
    await asyncio.sleep(0)
    assert descriptors() == before


async def test_the_arguments_of_popen(loop, tmp_path):
    show = (
        "import os\n"
        "own = os.getsid(0) == os.getpid()\n"
        "print(os.getcwd(), os.environ.get('NAME'), os.umask(0), own)"
    )
    out = await output(
        *python(show), cwd=tmp_path, env={"NAME": "value"}, umask=0o27, start_new_session=True
    )
    assert out.split() == [os.fsencode(tmp_path), b"value", b"23", b"True"]
    out = await output(*python("import os; print(os.getpgid(0) == os.getpid())"), process_group=0)
    assert out == b"True\n"
    out = await output("called", "-c", "print('here')", executable=sys.executable)
    assert out == b"here\n"
    out = await output("/bin/echo", os.fsencode("bytes"), tmp_path)
    assert out == b"bytes " + os.fsencode(tmp_path) + b"\n"


async def test_pass_fds(loop):
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", f"echo passed >/dev/fd/{writing}", pass_fds=[writing]
    )
    os.close(writing)
    assert await process.wait() == 0
    with open(reading, "rb") as file:
        assert file.read() == b"passed\n"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_preexec_fn_and_the_hooks_of_fork(loop_kind):
    """Hooks run as `subprocess.Popen` runs them: with preexec_fn."""
    source = """
        import asyncio, os
        from support import loops
        os.register_at_fork(before=lambda: print("before", flush=True),
                            after_in_parent=lambda: print("parent", flush=True))
        async def main():
            process = await asyncio.create_subprocess_exec(
                "/bin/true", preexec_fn=lambda: os.write(1, b"child\\n"))
            assert await process.wait() == 0
        loop = loops.new_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    assert sorted(child.output(loop_kind, source).split()) == ["before", "child", "parent"]


async def test_pipes_do_not_leak_into_other_children(loop):
    first = await asyncio.create_subprocess_exec(*CAT, stdin=PIPE, stdout=PIPE)
    show = "import os; print(len(os.listdir('/proc/self/fd')))"
    alone = await output(*python(show), close_fds=False, stdin=DEVNULL)
    second = await asyncio.create_subprocess_exec(*BLOCKED, close_fds=False, stdin=DEVNULL)
    # Would be held open by the second child.
    first.stdin.close()
    assert await first.stdout.read() == b""
    assert await first.wait() == 0
    assert await output(*python(show), close_fds=False, stdin=DEVNULL) == alone
    second.kill()
    await second.wait()


@pytest.mark.parametrize(
    "arguments",
    [
        {"universal_newlines": True},
        {"bufsize": 1024},
        {"text": True},
        {"encoding": "utf-8"},
        {"errors": "strict"},
    ],
)
async def test_refused_arguments(loop, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"{name} must be"):
        await asyncio.create_subprocess_exec("/bin/true", **arguments)
    with pytest.raises(ValueError, match=f"{name} must be"):
        await asyncio.create_subprocess_shell("true", **arguments)


async def test_exec_and_shell_are_not_for_each_other(loop):
    with pytest.raises(ValueError, match="shell must be False"):
        await loop.subprocess_exec(asyncio.SubprocessProtocol, "true", shell=True)
    with pytest.raises(ValueError, match="shell must be True"):
        await loop.subprocess_shell(asyncio.SubprocessProtocol, "true", shell=False)
    with pytest.raises(ValueError, match="cmd must be a string"):
        await loop.subprocess_shell(asyncio.SubprocessProtocol, 7)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"args": ["/no/such/program"]}, FileNotFoundError),
        ({"args": ["/"]}, PermissionError),
        ({"args": ["/bin/true"], "cwd": "/no/such/folder"}, FileNotFoundError),
        ({"args": ["/bin/true"], "no_such_argument": 1}, TypeError),
        ({"args": ["/bin/true"], "stdin": "neither"}, AttributeError),
        ({"args": ["nul\0"]}, ValueError),
    ],
)
async def test_what_cannot_start_leaves_nothing(loop, how, error):
    before = descriptors()
    arguments = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, **how}
    program = arguments.pop("args")
    with pytest.raises(error):
        await asyncio.create_subprocess_exec(*program, **arguments)
    assert descriptors() == before


def test_in_another_thread(new_loop):
    async def main():
        process = await asyncio.create_subprocess_exec(*CAT, stdin=PIPE, stdout=PIPE)
        return await process.communicate(b"data")

    def work():
        loop = new_loop()
        try:
            return loop.run_until_complete(main())
        finally:
            loop.close()

    assert in_thread(work) == (b"data", None)


async def test_the_handler_of_sigchld_is_the_programs(loop):
    seen = []
    previous = signal.signal(signal.SIGCHLD, lambda *_: seen.append(1))
    try:
        process = await asyncio.create_subprocess_exec("/bin/true")
        assert await process.wait() == 0
        await asyncio.sleep(0)
        assert seen
    finally:
        assert signal.signal(signal.SIGCHLD, previous).__name__ == "<lambda>"
