"""Nothing is left: no reference, no object, no descriptor."""

import gc
import os
import socket
import sys
import textwrap

import pytest

from support import child
from support.net import connected, receive_exactly
from support.turns import one_turn, turns

ROUNDS = 200


def callback(*args):
    pass


def fail(*args):
    raise ValueError("expected")


class Thing:
    """An object whose references are counted."""


def uses(loop):
    """Each way to hand a callback and an argument to the loop; run and cancelled."""
    yield loop.call_soon
    yield loop.call_soon_threadsafe
    yield lambda function, thing: loop.call_later(-1, function, thing)
    yield lambda function, thing: loop.call_at(0, function, thing, thing, thing)
    yield lambda function, thing: loop.call_soon(function, thing).cancel()
    yield lambda function, thing: loop.call_later(3600, function, thing).cancel()
    yield lambda function, thing: loop.call_soon(function, *[thing] * 20)


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("function", [callback, fail], ids=["returns", "raises"])
def test_references_of_callbacks_and_arguments(loop, number, function):
    loop.set_exception_handler(callback)
    use = list(uses(loop))[number]
    thing = Thing()

    def counts():
        if function is fail:
            gc.collect()  # in asyncio the traceback is part of a cycle
        return sys.getrefcount(thing), sys.getrefcount(function)

    use(function, thing)
    one_turn(loop)
    before = counts()
    for _ in range(ROUNDS):
        use(function, thing)
    one_turn(loop)
    assert counts() == before


def test_references_of_refused_arguments(loop):
    thing = Thing()
    before = sys.getrefcount(thing)
    for _ in range(ROUNDS):
        for call in (
            lambda: loop.call_later(thing, callback),
            lambda: loop.call_later(None, callback, thing),
            lambda: loop.call_soon(callback, thing, colour=thing),
            lambda: loop.call_soon(context=thing),
        ):
            with pytest.raises(TypeError):
                call()
    assert sys.getrefcount(thing) == before


def test_references_of_readers(loop):
    ours, theirs = socket.socketpair()
    theirs.send(b".")
    thing = Thing()
    before = sys.getrefcount(thing)
    for _ in range(ROUNDS):
        loop.add_reader(ours, callback, thing)
        loop.add_writer(ours, callback, thing)
        loop.add_reader(ours, callback, thing)
        one_turn(loop)
        loop.remove_reader(ours)
        loop.remove_writer(ours)
    assert sys.getrefcount(thing) == before
    ours.close(), theirs.close()


async def test_references_of_written_data(loop):
    async with connected() as (transport, _protocol, peer):
        data = os.urandom(1000)
        text = "wrong " * 10
        before = sys.getrefcount(data), sys.getrefcount(text)
        for _ in range(ROUNDS):
            transport.write(data)
            transport.writelines([data, data])
            receive_exactly(peer, 3000)
            with pytest.raises(TypeError):
                transport.write(text)
        assert (sys.getrefcount(data), sys.getrefcount(text)) == before


async def test_references_of_received_data(loop):
    async with connected() as (_transport, protocol, peer):
        for n in range(50):
            peer.send(b"x" * 100)
            await protocol.received(100 * (n + 1))
        pieces = [event[1] for event in protocol.events if event[0] == "data"]
        protocol.events.clear()
        own = [bytes([0, n % 256]) for n in range(len(pieces))]
        counts = [[sys.getrefcount(data) for data in kept] for kept in (pieces, own)]
        assert counts[0] == counts[1]


async def test_references_of_protocols(loop):
    async with connected() as (transport, protocol, peer):
        peer.send(b"x")
        await protocol.received(1)
        before = sys.getrefcount(protocol), sys.getrefcount(transport)
        for n in range(ROUNDS):
            transport.pause_reading()
            transport.resume_reading()
            transport.set_protocol(transport.get_protocol())
            peer.send(b"x")
            await protocol.received(n + 2)
        await turns(2)
        assert (sys.getrefcount(protocol), sys.getrefcount(transport)) == before


SCENARIOS = {
    "callbacks": """
        async def scenario(loop):
            for n in range(50):
                loop.call_soon(print_nothing, n)
                loop.call_later(0, print_nothing, n)
                loop.call_later(3600, print_nothing, n).cancel()
                loop.call_soon_threadsafe(print_nothing, n)
            await asyncio.sleep(0.001)
    """,
    "tasks": """
        async def scenario(loop):
            async def child(n):
                await asyncio.sleep(0)
                if n % 3 == 0:
                    raise ValueError(n)
            await asyncio.gather(*(child(n) for n in range(50)), return_exceptions=True)
            task = asyncio.create_task(asyncio.sleep(3600))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
    """,
    "streams": """
        async def echo(reader, writer):
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        async def scenario(loop):
            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            for _ in range(5):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"hello")
                await reader.readexactly(5)
                writer.close()
                await writer.wait_closed()
            server.close()
            await server.wait_closed()
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0)
    """,
    "sockets": """
        import socket
        async def scenario(loop):
            ours, theirs = socket.socketpair()
            ours.setblocking(False); theirs.setblocking(False)
            for _ in range(20):
                receiving = asyncio.create_task(loop.sock_recv(ours, 100))
                await asyncio.sleep(0)
                await loop.sock_sendall(theirs, b"hello")
                await receiving
            cancelled = asyncio.create_task(loop.sock_recv(ours, 100))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            ours.close(); theirs.close()
    """,
    "executor": """
        from concurrent.futures import ThreadPoolExecutor
        async def scenario(loop):
            with ThreadPoolExecutor(1) as pool:
                calls = [loop.run_in_executor(pool, int) for _ in range(10)]
                calls.pop().cancel()
                await asyncio.gather(*calls)
    """,
    "failures": """
        async def scenario(loop):
            loop.set_exception_handler(print_nothing)
            def fail(n):
                raise ValueError(n)
            for n in range(20):
                loop.call_soon(fail, n)
            await asyncio.sleep(0)
            try:
                await loop.create_connection(asyncio.Protocol, "127.0.0.1", 1)
            except OSError:
                pass
    """,
    "signals": """
        import os, signal
        async def scenario(loop):
            got = loop.create_future()
            loop.add_signal_handler(signal.SIGUSR1, got.set_result, None)
            os.kill(os.getpid(), signal.SIGUSR1)
            await got
            loop.remove_signal_handler(signal.SIGUSR1)
    """,
}

MEASURE = """
import asyncio, gc, os
from support.loops import new_loop
def print_nothing(*args):
    pass
def descriptors():
    return len(os.listdir("/proc/self/fd"))
{scenario}
def measure(run):
    for _ in range(5):
        run()
    counts = []
    for _ in range(2):
        gc.collect()
        counts.append((len(gc.get_objects()), descriptors()))
        for _ in range(20):
            run()
    gc.collect()
    counts.append((len(gc.get_objects()), descriptors()))
    objects = counts[2][0] - counts[1][0]
    print(objects if objects >= 20 else "none", counts[2][1] - counts[0][1])
loop = new_loop()
measure(lambda: loop.run_until_complete(scenario(loop)))
loop.run_until_complete(loop.shutdown_default_executor())
loop.close()
def whole():
    loop = new_loop()
    loop.run_until_complete(scenario(loop))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
measure(whole)
"""


@pytest.mark.parametrize("name", SCENARIOS)
def test_objects_and_descriptors(loop_kind, name):
    source = MEASURE.format(scenario=textwrap.dedent(SCENARIOS[name]))
    assert child.output(loop_kind, source) == "none 0\nnone 0\n"


def test_descriptors_of_a_loop(loop_kind):
    source = """
        import asyncio, os
        from support.loops import new_loop
        before = os.listdir("/proc/self/fd")
        for _ in range(50):
            loop = new_loop()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        print(sorted(os.listdir("/proc/self/fd")) == sorted(before))
        loop = new_loop()
        print([os.get_inheritable(int(fd)) for fd in os.listdir("/proc/self/fd")
               if fd not in before and os.path.exists(f"/proc/self/fd/{fd}")].count(True))
        loop.close()
    """
    assert child.output(loop_kind, source) == "True\n0\n"
