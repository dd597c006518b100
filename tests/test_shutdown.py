"""Programs that end while a loop is alive: no crash, and nothing said that need not be."""

import sys
import textwrap

import pytest

from support import child

START = """
    import asyncio, atexit, os, signal, socket, sys, threading, weakref
    from support.loops import new_loop

    loop = new_loop()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

    async def connect():
        global server, transport, protocol
        server = await loop.create_server(Protocol, "127.0.0.1", 0)
        transport, protocol = await loop.create_connection(
            Protocol, *server.sockets[0].getsockname()
        )
        transport.write(b"hello")
"""

SILENT = {
    "never run": "",
    "run and left": "loop.run_until_complete(asyncio.sleep(0))",
    "closed": "loop.close()",
    "handles": "kept = [loop.call_soon(print), loop.call_later(3600, print, loop)]",
    "connections": "loop.run_until_complete(connect())",
    "connections of a closed loop": "loop.run_until_complete(connect()); loop.close()",
    "much to write": """
loop.run_until_complete(connect())
transport.write(bytes(10_000_000))
""",
    "readers": """
ours, theirs = socket.socketpair()
theirs.send(b'.')
loop.add_reader(ours, print)
loop.add_writer(ours, print)
""",
    "signal handlers": "loop.add_signal_handler(signal.SIGUSR1, print)",
    "executor": "loop.run_until_complete(loop.run_in_executor(None, int))",
    "in a global cycle": "loop.itself = loop; sys.modules['kept'] = loop",
    "in a builtin": "import builtins; builtins.loop = loop; loop.call_later(3600, print)",
    "at exit": "atexit.register(lambda: loop.run_until_complete(asyncio.sleep(0)))",
    "closed at exit": "atexit.register(loop.close); loop.run_until_complete(connect())",
    "in a finalizer": """
class Late:
    def __del__(self):
        try:
            loop.call_soon(id)
        except RuntimeError:
            pass
        loop.time()
        loop.is_running()
        loop.stop()
late = Late()
weakref.finalize(late, loop.call_soon, int)
""",
    "exit in a callback": "loop.call_soon(sys.exit, 0); loop.run_forever()",
    "exit in a task": """
async def main():
    await connect()
    sys.exit(0)
loop.run_until_complete(main())
""",
    "exit in a protocol": """
class Exit(Protocol):
    def data_received(self, data):
        sys.exit(0)
async def main():
    server = await loop.create_server(Exit, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()) as sock:
        sock.send(b".")
        await loop.create_future()
loop.run_until_complete(main())
""",
    "exit without a word": """
async def main():
    await connect()
    os._exit(0)
loop.run_until_complete(main())
""",
    "a daemon thread that waits": """
started = threading.Event()
loop.call_soon(started.set)
threading.Thread(target=loop.run_forever, daemon=True).start()
started.wait()
""",
    "a daemon thread that is busy": """
started = threading.Event()
def tick():
    started.set()
    loop.call_soon(tick)
loop.call_soon(tick)
threading.Thread(target=loop.run_forever, daemon=True).start()
started.wait()
""",
    "a daemon thread with timers": """
started = threading.Event()
def tick():
    started.set()
    loop.call_later(0.0001, tick)
loop.call_soon(tick)
threading.Thread(target=loop.run_forever, daemon=True).start()
started.wait()
""",
    "a daemon thread that schedules": """
started = threading.Event()
def work():
    while True:
        loop.call_soon_threadsafe(int)
        started.set()
threading.Thread(target=work, daemon=True).start()
started.wait()
loop.run_until_complete(asyncio.sleep(0.01))
""",
}


@pytest.mark.parametrize("name", SILENT)
def test_ends_in_silence(loop_kind, name):
    source = textwrap.dedent(START) + SILENT[name]
    for _ in range(3 if "daemon" in name else 1):
        assert child.output(loop_kind, source) == ""


def test_a_task_left_behind_is_named(loop_kind):
    source = """
        import asyncio
        from support.loops import new_loop
        async def wait():
            await asyncio.sleep(3600)
        loop = new_loop()
        task = loop.create_task(wait(), name="left behind")
        loop.run_until_complete(asyncio.sleep(0))
    """
    done = child.run(loop_kind, source)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Task was destroyed but it is pending!" in done.stderr
    assert "Fatal" not in done.stderr
    assert "panicked" not in done.stderr


def test_an_error_on_the_way_out(loop_kind):
    source = """
        import asyncio
        from support.loops import new_loop
        loop = new_loop()
        loop.call_later(3600, print)
        def fail():
            raise KeyboardInterrupt
        loop.call_soon(fail)
        loop.run_forever()
    """
    done = child.run(loop_kind, source)
    assert done.stderr.endswith("KeyboardInterrupt\n")
    assert "Fatal" not in done.stderr


def test_development_mode_says_what_was_left_open(loop_kind):
    source = """
        import asyncio
        from support.loops import new_loop
        loop = new_loop()
        loop.run_until_complete(asyncio.sleep(0))
        del loop
    """
    done = child.run(loop_kind, source, options=("-X", "dev"))
    assert done.returncode == 0
    assert "ResourceWarning: unclosed event loop" in done.stderr


INTERPRETER = """
import sys
sys.path[:0] = [PATH]
try:
    import asyncio
    from support.loops import new_loop
    loop = new_loop(KIND)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
except ImportError as error:
    assert "subinterpreter" in str(error), error
"""

INTERPRETERS = """
    import sys
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    for _ in range(3):
        interpreter = interpreters.create()
        print(interpreters.run_string(interpreter, sys.argv[1]))
        interpreters.destroy(interpreter)
"""


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="asyncio itself crashes there")
def test_a_subinterpreter(loop_kind):
    """The native module runs there, or says that it does not."""
    program = INTERPRETER.replace("PATH", repr(str(child.TESTS))).replace("KIND", repr(loop_kind))
    assert child.output(loop_kind, INTERPRETERS, program) == "None\n" * 3
