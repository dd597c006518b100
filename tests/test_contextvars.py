"""Each callback in the context it was scheduled in."""

import asyncio
import contextvars
import os
import signal
import sys

import pytest

from support.net import connected, listening
from support.protocols import Recorder
from support.turns import one_turn, turns

variable = contextvars.ContextVar("variable", default="unset")


def in_new_context(value, function, *args, **kwargs):
    """Call a function where the variable has this value."""

    def call():
        variable.set(value)
        return function(*args, **kwargs)

    return contextvars.copy_context().run(call)


def test_captured_when_scheduled(loop):
    seen = []

    def note(name):
        seen.append((name, variable.get()))

    in_new_context(1, loop.call_soon, note, "soon")
    in_new_context(2, loop.call_soon_threadsafe, note, "threadsafe")
    in_new_context(3, loop.call_later, -1, note, "later")
    in_new_context(4, loop.call_at, loop.time(), note, "at")
    future = loop.create_future()
    in_new_context(5, future.add_done_callback, lambda _: note("done"))
    future.set_result(None)
    variable.set("outside")
    one_turn(loop)
    one_turn(loop)
    assert set(seen) == {("soon", 1), ("threadsafe", 2), ("later", 3), ("at", 4), ("done", 5)}


def test_a_change_stays_in_the_callback(loop):
    seen = []
    loop.call_soon(variable.set, "changed")
    loop.call_soon(lambda: seen.append(variable.get()))
    before = variable.get()
    one_turn(loop)
    assert seen == [before]
    assert variable.get() == before


def test_given_contexts(loop):
    context = contextvars.copy_context()
    seen = []
    future = loop.create_future()
    loop.call_soon(variable.set, 1, context=context)
    loop.call_soon(lambda: seen.append(variable.get()), context=context)
    loop.call_soon_threadsafe(lambda: seen.append(variable.get()), context=context)
    loop.call_later(-1, lambda: seen.append(variable.get()), context=context)
    loop.call_at(0, lambda: seen.append(variable.get()), context=context)
    future.add_done_callback(lambda _: seen.append(variable.get()), context=context)
    future.set_result(None)
    loop.call_soon(lambda: seen.append(variable.get()), context=None)
    one_turn(loop)
    assert seen == [1, 1, 1, variable.get(), 1, 1]
    assert context[variable] == 1


async def test_create_task_in_a_context_of_its_own(loop):
    async def change():
        variable.set("inside")

    context = contextvars.copy_context()
    await loop.create_task(change(), context=context)
    assert context[variable] == "inside"
    assert variable.get() != "inside"


def test_readers_and_writers(loop):
    reader, writer = os.pipe()
    os.write(writer, b".")
    seen = []
    in_new_context("r", loop.add_reader, reader, lambda: seen.append(variable.get()))
    in_new_context("w", loop.add_writer, writer, lambda: seen.append(variable.get()))
    one_turn(loop)
    one_turn(loop)
    assert sorted(seen) == ["r", "r", "w", "w"]
    loop.remove_reader(reader), loop.remove_writer(writer)
    os.close(reader), os.close(writer)


def test_a_reader_keeps_one_context_for_all_its_calls(loop):
    reader, writer = os.pipe()
    os.write(writer, b".")
    seen = []
    loop.add_reader(reader, lambda: (seen.append(variable.get()), variable.set(len(seen))))
    for _ in range(3):
        one_turn(loop)
    assert seen[1:] == [1, 2]
    loop.remove_reader(reader)
    os.close(reader), os.close(writer)


def test_signal_handlers(loop):
    seen = []

    def note():
        seen.append(variable.get())
        loop.stop()

    in_new_context("signal", loop.add_signal_handler, signal.SIGUSR1, note)
    loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
    loop.run_forever()
    loop.remove_signal_handler(signal.SIGUSR1)
    assert seen == ["signal"]


async def test_threads(loop):
    variable.set("task")
    assert await asyncio.to_thread(variable.get) == "task"
    assert await loop.run_in_executor(None, variable.get) == "unset", "documented: not carried"


async def test_tasks(loop):
    variable.set("parent")

    async def child():
        assert variable.get() == "parent"
        variable.set("child")
        await asyncio.sleep(0)
        return variable.get()

    assert await asyncio.create_task(child()) == "child"
    assert variable.get() == "parent"
    context = contextvars.copy_context()
    assert await asyncio.create_task(child(), context=context) == "child"
    assert context[variable] == "child"
    assert await child() == "child"
    assert variable.get() == "child", "no task, no context of its own"


def test_an_entered_context_cannot_be_entered_again(loop, log):
    context = contextvars.copy_context()
    seen = []
    loop.call_soon(seen.append, "not reached", context=context)
    loop.call_soon(seen.append, "reached")
    context.run(one_turn, loop)
    assert seen == ["reached"]
    record = log.take_one()
    assert record.getMessage().startswith("Exception in callback")
    assert record.exc_info[0] is RuntimeError
    assert "is already entered" in str(record.exc_info[1])


def test_the_context_outside_the_loop_is_not_that_of_its_callbacks(loop):
    context = contextvars.copy_context()
    seen = []

    def main():
        variable.set("outside")
        loop.call_soon(lambda: (seen.append(variable.get()), variable.set("inside")))
        one_turn(loop)
        return variable.get()

    assert context.run(main) == "outside"
    assert seen == ["outside"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="came with 3.12")
def test_the_exception_handler_runs_in_the_context_of_the_handle(loop):
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(variable.get()))

    def fail():
        variable.set("failed")
        raise ValueError

    in_new_context("handle", loop.call_soon, fail)
    one_turn(loop)
    assert seen == ["failed"]


class Noting(Recorder):
    """Notes the variable in each method, and sets it to the method's name."""

    def __init__(self):
        super().__init__()
        self.noted = []

    def _note(self, name):
        self.noted.append((name, variable.get()))
        variable.set(name)

    def connection_made(self, transport):
        self._note("made")
        super().connection_made(transport)

    def data_received(self, data):
        self._note("data")
        super().data_received(data)

    def eof_received(self):
        self._note("eof")
        return super().eof_received()

    def connection_lost(self, exc):
        self._note("lost")
        super().connection_lost(exc)


async def test_protocol_methods_share_the_context_of_the_reader(loop):
    variable.set("connector")
    async with connected(Noting) as (_, protocol, peer):
        variable.set("later")
        peer.send(b"1")
        await protocol.received(1)
        peer.send(b"2")
        await protocol.received(2)
        peer.close()
        await protocol.lost
    assert protocol.noted == [
        ("made", "connector"),
        ("data", "connector"),
        ("data", "data"),
        ("eof", "data"),
        ("lost", "eof"),
    ]


async def test_resume_reading_takes_the_context_of_its_caller(loop):
    async with connected(Noting) as (transport, protocol, peer):
        transport.pause_reading()
        in_new_context("resumer", transport.resume_reading)
        peer.send(b"1")
        await protocol.received(1)
        in_new_context("closer", transport.close)
        await protocol.lost
    assert protocol.noted[1:] == [("data", "resumer"), ("lost", "closer")]


async def test_connections_of_a_server_take_the_context_of_create_server(loop):
    protocols = []

    def factory():
        protocols.append(Noting())
        protocols[-1]._note("factory")
        return protocols[-1]

    variable.set("server")
    server = await loop.create_server(factory, sock=listening())
    variable.set("later")
    for n in range(2):
        _reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"1")
        writer.close()
        while len(protocols) <= n:
            await turns(1)
        await protocols[n].lost
        await writer.wait_closed()
    server.close()
    await server.wait_closed()
    for protocol in protocols:
        assert protocol.noted[:3] == [
            ("factory", "server"),
            ("made", "factory"),
            ("data", "factory"),
        ]
