"""Ctrl-C: programs in a process of their own, idle and busy."""

import signal
import socket
import threading

import pytest

from support import child
from support.waiting import until_idle

READY = 'print("ready", flush=True)'

IDLE = f"""
    from support.loops import new_loop
    loop = new_loop()
    loop.call_soon(lambda: {READY})
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("interrupted", loop.is_running())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
"""

BUSY = f"""
    from support.loops import new_loop
    loop = new_loop()
    def link():
        loop.call_soon(link)
    loop.call_soon(link)
    loop.call_soon(lambda: {READY})
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("interrupted", loop.is_running())
    loop.close()
"""

RUNNER = f"""
    import asyncio
    from support.loops import new_loop
    async def main():
        {READY}
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            print("cancelled")
            await asyncio.sleep(0)
            print("cleaned up")
            raise
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())
    except KeyboardInterrupt:
        print("interrupted")
"""

UNCAUGHT = f"""
    import asyncio
    from support.loops import new_loop
    async def main():
        {READY}
        await asyncio.Event().wait()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
"""

HANDLER = f"""
    import signal
    from support.loops import new_loop
    def handler(number, frame):
        raise LookupError("from the handler")
    signal.signal(signal.SIGINT, handler)
    loop = new_loop()
    loop.call_soon(lambda: {READY})
    try:
        loop.run_forever()
    except LookupError as error:
        print(error)
    loop.close()
"""

SERVER = """
    import asyncio
    from support.loops import new_loop
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
        def data_received(self, data):
            self.transport.write(data)
    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.create_future()
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())
    except KeyboardInterrupt:
        print("ended")
"""


def interrupt(kind, source, idle):
    """Start a program, interrupt it when it is ready; give its code, output and errors."""
    return child.interrupt(kind, source, until_idle if idle else None)


def test_idle(loop_kind):
    assert interrupt(loop_kind, IDLE, idle=True) == (0, "interrupted False\n", "")


def test_busy(loop_kind):
    assert interrupt(loop_kind, BUSY, idle=False) == (0, "interrupted False\n", "")


@pytest.mark.rondel_only("in asyncio a signal just before the wait is seen only after it")
def test_idle_without_waiting_for_it(loop_kind):
    for _ in range(5):
        assert interrupt(loop_kind, IDLE, idle=False) == (0, "interrupted False\n", "")


def test_a_runner_cancels_its_main_task(loop_kind):
    expected = "cancelled\ncleaned up\ninterrupted\n"
    assert interrupt(loop_kind, RUNNER, idle=True) == (0, expected, "")


def test_uncaught(loop_kind):
    code, out, err = interrupt(loop_kind, UNCAUGHT, idle=True)
    assert (code, out) == (-signal.SIGINT, "")
    assert err.endswith("KeyboardInterrupt\n")
    assert err.count("Traceback") <= 2


def test_what_pythons_own_handler_raises_leaves_a_waiting_loop(loop_kind):
    assert interrupt(loop_kind, HANDLER, idle=True) == (0, "from the handler\n", "")


def hammer(sock, stopped):
    """Send to an echo server and read back until it goes away."""
    with sock:
        try:
            while not stopped.is_set():
                sock.sendall(b"x" * 4096)
                if not sock.recv(65536):
                    break
        except OSError:
            pass


def test_a_busy_server_ends_cleanly(loop_kind):
    stopped = threading.Event()
    with child.start(loop_kind, SERVER) as process:
        address = "127.0.0.1", int(process.stdout.readline())
        socks = [socket.create_connection(address) for _ in range(4)]
        threads = [threading.Thread(target=hammer, args=(sock, stopped)) for sock in socks]
        try:
            for thread in threads:
                thread.start()
            # The first echo of a connection of our own: by then the server has work.
            with socket.create_connection(address) as sock:
                sock.sendall(b"first")
                assert sock.recv(100) == b"first"
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=child.TIMEOUT)
        except BaseException:
            process.kill()
            raise
        finally:
            stopped.set()
            for thread in threads:
                thread.join()
    assert (process.returncode, out, err) == (0, "ended\n", "")
