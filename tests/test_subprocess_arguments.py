"""loop.subprocess_exec and subprocess_shell: what each argument of subprocess.Popen does."""

import asyncio
import fcntl
import os
import signal
import subprocess

import pytest

BOTH = pytest.mark.parametrize("how", ["exec", "shell"])
MINE = {"user": os.getuid(), "group": os.getgid()}


class Output(asyncio.SubprocessProtocol):
    """Collects what the child writes, until all is over."""

    def __init__(self):
        self.data = b""
        self.lost = asyncio.get_running_loop().create_future()

    def pipe_data_received(self, fd, data):
        self.data += data

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def start(loop, how, script, **kwargs):
    if how == "exec":
        return await loop.subprocess_exec(Output, "/bin/sh", "-c", script, **kwargs)
    return await loop.subprocess_shell(Output, script, **kwargs)


async def output(loop, how, script, **kwargs):
    transport, protocol = await start(loop, how, script, **kwargs)
    await protocol.lost
    transport.close()
    assert transport.get_returncode() == 0
    return protocol.data


@BOTH
@pytest.mark.parametrize(
    ("argument", "script", "expected"),
    [
        ({"cwd": "/"}, "pwd", b"/\n"),
        ({"env": {"WORD": "word"}}, "echo $WORD", b"word\n"),
        ({"umask": 0o027}, "umask", b"0027\n"),
        (
            {"process_group": 0},
            "test $(cut -d' ' -f5 /proc/$$/stat) = $$ && echo leads",
            b"leads\n",
        ),
        (
            {"start_new_session": True},
            "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo leads",
            b"leads\n",
        ),
        ({"executable": "/bin/echo"}, "word", b"-c word\n"),
        ({"user": MINE["user"]}, "id -u", b"%d\n" % MINE["user"]),
        ({"group": MINE["group"]}, "id -g", b"%d\n" % MINE["group"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_arguments_of_popen(loop, how, argument, script, expected):
    assert await output(loop, how, script, **argument) == expected


@BOTH
@pytest.mark.skipif(os.getuid() != 0, reason="only root may set groups")
async def test_extra_groups(loop, how):
    assert b"12345" in (await output(loop, how, "id -G", extra_groups=[12345])).split()


@BOTH
async def test_preexec_fn(loop, how):
    assert await output(loop, how, "umask", preexec_fn=lambda: os.umask(0o011)) == b"0011\n"


@BOTH
@pytest.mark.parametrize("restore", [True, False])
async def test_restore_signals(loop, how, restore):
    """Python ignores SIGPIPE; a child does not, unless it is to be left so."""
    line = await output(loop, how, "grep SigIgn /proc/self/status", restore_signals=restore)
    ignored = int(line.split()[1], 16) >> (signal.SIGPIPE - 1) & 1
    assert ignored == (not restore)


@BOTH
async def test_pass_fds_and_close_fds(loop, how):
    reader, writer = os.pipe()
    script = f"test -e /proc/self/fd/{writer} && echo open || echo closed"
    os.set_inheritable(writer, True)
    assert await output(loop, how, script) == b"closed\n"
    assert await output(loop, how, script, pass_fds=[writer]) == b"open\n"
    assert await output(loop, how, script, close_fds=False) == b"open\n"
    os.close(reader)
    os.close(writer)


@BOTH
async def test_pipesize(loop, how):
    transport, protocol = await start(loop, how, "read line", pipesize=16384)
    pipe = transport.get_pipe_transport(1).get_extra_info("pipe")
    assert fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) == 16384
    transport.get_pipe_transport(0).close()
    await protocol.lost
    transport.close()


@BOTH
@pytest.mark.parametrize(
    "argument", [{"creationflags": 1}, {"startupinfo": object()}], ids=["flags", "info"]
)
async def test_what_is_for_windows_alone(loop, how, argument):
    with pytest.raises(ValueError, match="only supported on Windows"):
        await start(loop, how, "true", **argument)


async def test_what_a_transport_says_of_itself(loop):
    transport, protocol = await start(loop, "exec", "read line", stderr=subprocess.DEVNULL)
    assert isinstance(transport.get_extra_info("subprocess"), subprocess.Popen)
    assert transport.get_extra_info("nothing", 7) == 7
    assert transport.get_protocol() is protocol
    other = Output()
    transport.set_protocol(other)
    assert transport.get_protocol() is other
    stdin = transport.get_pipe_transport(0)
    assert stdin.get_extra_info("nothing", 7) == 7
    stdin.close()
    await other.lost
    transport.close()
