"""A loop runs where a sandbox refuses io_uring, as Docker's default profile does."""

import platform
import sys

import pytest

from support import child

FILTERED = """
    import asyncio, ctypes, struct, sys
    from support.loops import new_loop

    # seccomp(2): kill the process at the three calls of io_uring, allow all others.
    ALLOW, KILL, NUMBERS = 0x7FFF0000, 0x80000000, (425, 426, 427)
    LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06

    def instruction(code, yes, no, value):
        return struct.pack("HBBI", code, yes, no, value)

    program = instruction(LOAD, 0, 0, 0)
    for number in NUMBERS:
        program += instruction(JUMP_IF_EQUAL, 0, 1, number) + instruction(RETURN, 0, 0, KILL)
    program += instruction(RETURN, 0, 0, ALLOW)

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    described = Program(len(program) // 8, program)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(described), 0, 0):
        print("not allowed to filter")
        sys.exit()
    if sys.argv[1] == "call it":
        libc.syscall(425, 1, None)
        print("lives on")
        sys.exit()

    async def serve(reader, writer):
        writer.write(await reader.read(100))
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"served")
        print((await reader.read()).decode())
        writer.close()
        server.close()
        print(await asyncio.to_thread(int))

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="numbers of system calls",
)


def test_io_uring_is_never_called(loop_kind):
    killed = child.run(loop_kind, FILTERED, "call it")
    if killed.stdout == "not allowed to filter\n":
        pytest.skip("seccomp(2) is not allowed here")
    assert killed.returncode < 0, "the filter works"
    assert child.output(loop_kind, FILTERED, "run") == "served\n0\n"
