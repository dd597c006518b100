"""What reaches the exception handler has asyncio's keys: Sentry and others read them."""

import asyncio
import gc
import os

import pytest

from support.net import connected
from support.protocols import Recorder
from support.turns import one_turn


def fail(*args):
    raise LookupError("on purpose")


@pytest.fixture(params=[False, True], ids=["plain", "debug"])
def debug(request, loop):
    loop.set_debug(request.param)
    loop.slow_callback_duration = 60
    return request.param


def check(context, keys, *, made_here: bool = False):
    """The keys of a context: in debug mode with a traceback of where its subject was made."""
    assert set(context) - {"source_traceback"} == set(keys.split())
    assert ("source_traceback" in context) is made_here
    if made_here:
        assert any(frame.filename == __file__ for frame in context["source_traceback"])
    if "exception" in context:
        assert str(context["exception"]) == "on purpose"


@pytest.mark.parametrize("schedule", ["soon", "later", "at", "threadsafe"])
def test_context_of_a_callback_has_its_handle(loop, problems, debug, schedule):
    handle = {
        "soon": lambda: loop.call_soon(fail),
        "later": lambda: loop.call_later(0, fail),
        "at": lambda: loop.call_at(0, fail),
        "threadsafe": lambda: loop.call_soon_threadsafe(fail),
    }[schedule]()
    while not problems.contexts:
        one_turn(loop)
    context = problems.take_one()
    check(context, "message exception handle", made_here=debug)
    assert context["handle"] is handle
    assert context["message"].startswith("Exception in callback fail(")


def test_context_of_a_reader_has_its_handle(loop, problems, debug):
    reader, writer = os.pipe()
    os.write(writer, b".")
    loop.add_reader(reader, fail)
    one_turn(loop)
    loop.remove_reader(reader)
    context = problems.take_one()
    check(context, "message exception handle", made_here=debug)
    assert isinstance(context["handle"], asyncio.Handle)
    os.close(reader), os.close(writer)


@pytest.mark.parametrize("method", ["data_received", "eof_received"])
async def test_context_of_a_fatal_error_has_transport_and_protocol(loop, problems, debug, method):
    failing = type("Failing", (Recorder,), {method: fail})
    async with connected(failing) as (transport, protocol, peer):
        if method == "data_received":
            peer.send(b".")
        peer.close()
        assert isinstance(await protocol.lost, LookupError)
        context = problems.take_one()
        check(context, "message exception transport protocol")
        assert context["transport"] is transport
        assert context["protocol"] is protocol
        assert context["message"] == f"Fatal error: protocol.{method}() call failed."


async def test_context_of_pause_writing_has_transport_and_protocol(loop, problems, debug):
    class Failing(Recorder):
        pause_writing = fail

    async with connected(Failing, small_buffers=True) as (transport, protocol, _peer):
        transport.write(bytes(5_000_000))
        context = problems.take_one()
        check(context, "message exception transport protocol")
        assert context["message"] == "protocol.pause_writing() failed"
        assert not transport.is_closing()
        assert (context["transport"], context["protocol"]) == (transport, protocol)


async def test_context_of_a_task_that_nobody_awaited(loop, problems, debug):
    async def main():
        fail()

    task = asyncio.create_task(main())
    await asyncio.wait([task])
    name = repr(task)[:20]
    del task
    gc.collect()
    context = problems.take_one()
    check(context, "message exception future", made_here=debug)
    assert context["message"] == "Task exception was never retrieved"
    assert repr(context["future"]).startswith(name)


async def test_context_of_a_future_that_nobody_awaited(loop, problems, debug):
    future = loop.create_future()
    future.set_exception(LookupError("on purpose"))
    del future
    gc.collect()
    context = problems.take_one()
    check(context, "message exception future", made_here=debug)
    assert context["message"] == "Future exception was never retrieved"


async def test_context_of_a_destroyed_task(loop, problems, debug):
    task = asyncio.create_task(wait(loop))
    await asyncio.sleep(0)
    del task
    gc.collect()
    context = problems.take_one()
    check(context, "message task", made_here=debug)
    assert context["message"] == "Task was destroyed but it is pending!"


async def wait(loop):
    await loop.create_future()


async def test_context_of_an_async_generator_that_fails_to_close(loop, problems, debug):
    async def generate():
        try:
            yield 1
        finally:
            fail()

    generator = generate()
    await anext(generator)
    await loop.shutdown_asyncgens()
    context = problems.take_one()
    check(context, "message exception asyncgen")
    assert context["asyncgen"] is generator
