"""Cycles through the loop's objects are garbage, and the collector finds them."""

import asyncio
import contextvars
import gc
import socket
import warnings
import weakref

import pytest

from support import loops
from support.net import connected, listening, tcp_pair
from support.protocols import BufferedRecorder, Recorder
from support.turns import one_turn, turns


class Node:
    """Something that may be part of a cycle."""

    def method(self, *args):
        pass


def collected(*refs):
    """Whether all are gone after a collection, but not before it."""
    assert all(ref() is not None for ref in refs)
    gc.collect()
    return [ref() for ref in refs] == [None] * len(refs)


@pytest.mark.parametrize("use", ["call_soon", "call_soon_threadsafe", "call_later"])
@pytest.mark.parametrize("through", ["callback", "argument", "context"])
def test_a_handle_that_ran(loop, use, through):
    node = Node()
    time = (-1,) if use == "call_later" else ()
    if through == "callback":
        node.handle = getattr(loop, use)(*time, node.method)
    elif through == "argument":
        node.handle = getattr(loop, use)(*time, id, node)
    else:
        variable = contextvars.ContextVar("variable")
        context = contextvars.copy_context()
        context.run(variable.set, node)
        node.handle = getattr(loop, use)(*time, int, context=context)
        del context
    refs = weakref.ref(node), weakref.ref(node.handle)
    one_turn(loop)
    del node
    assert collected(*refs)


def test_a_cancelled_handle_in_a_cycle(loop):
    node = Node()
    handle = node.handle = loop.call_later(3600, node.method)
    ref = weakref.ref(node)
    handle.cancel()
    del node, handle
    assert ref() is None, "the handle dropped its callback, and the cycle with it"


def test_handles_of_a_closed_loop(new_loop):
    loop = new_loop()
    nodes = [Node() for _ in range(3)]
    nodes[0].handle = loop.call_soon(nodes[0].method)
    nodes[1].handle = loop.call_later(3600, nodes[1].method)
    nodes[2].handle = loop.call_soon_threadsafe(nodes[2].method)
    refs = [weakref.ref(node) for node in nodes]
    del nodes
    assert all(ref() is not None for ref in refs)
    loop.close()
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


def scenario_handler(loop):
    node = Node()
    node.loop = loop
    loop.set_exception_handler(node.method)


def scenario_factory(loop):
    node = Node()
    node.loop = loop
    loop.set_task_factory(node.method)


def scenario_attribute(loop):
    loop.itself = loop


def scenario_handles(loop):
    node = Node()
    node.handles = [loop.call_soon(node.method, loop), loop.call_later(3600, node.method, loop)]


def scenario_future(loop):
    future = loop.create_future()
    future.add_done_callback(Node().method)
    loop.future = future


def scenario_ran(loop):
    loop.run_until_complete(asyncio.sleep(0))
    loop.task = loop.create_task(asyncio.sleep(0))
    loop.run_until_complete(loop.task)


def scenario_reader(loop):
    ours, theirs = socket.socketpair()
    loop.add_reader(ours, Node().method, loop)
    loop.add_writer(ours, Node().method, loop)
    loop.remove_reader(ours)
    loop.remove_writer(ours)
    ours.close(), theirs.close()


SCENARIOS = [value for name, value in list(globals().items()) if name.startswith("scenario_")]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__[9:])
def test_a_closed_loop(loop_kind, scenario):
    loop = loops.new_loop(loop_kind)
    scenario(loop)
    loop.close()
    ref = weakref.ref(loop)
    del loop
    gc.collect()
    assert ref() is None


def test_an_open_loop_with_a_cycle(loop_kind):
    loop = loops.new_loop(loop_kind)
    scenario_attribute(loop)
    loop.call_later(3600, Node().method, loop)
    ref = weakref.ref(loop)
    with pytest.warns(ResourceWarning, match="unclosed event loop"):
        del loop
        gc.collect()
    assert ref() is None


def test_readers_of_a_closed_loop(loop_kind):
    loop = loops.new_loop(loop_kind)
    node = Node()
    node.loop = loop
    ours, theirs = socket.socketpair()
    loop.add_reader(ours, node.method)
    loop.add_writer(ours, node.method)
    refs = weakref.ref(node), weakref.ref(loop)
    loop.close()
    del node, loop
    gc.collect()
    assert [ref() for ref in refs] == [None, None]
    ours.close(), theirs.close()


@pytest.mark.parametrize("kind", [Recorder, BufferedRecorder], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("how", ["close", "abort", "peer"])
async def test_a_transport_that_is_over(loop, kind, how):
    async with connected(kind) as (transport, protocol, peer):
        peer.send(b"hello")
        await protocol.received(5)
        peer.close() if how == "peer" else getattr(transport, how)()
        await protocol.lost
        await turns(2)
    transport.get_extra_info("socket")
    refs = weakref.ref(transport), weakref.ref(protocol)
    del transport, protocol, peer
    await turns(2)
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


async def test_a_transport_that_only_a_cycle_holds(loop):
    ours, peer = tcp_pair()
    transport, protocol = await loop.create_connection(Recorder, sock=ours)
    transport.pause_reading()
    protocol.itself = protocol
    refs = weakref.ref(transport), weakref.ref(protocol)
    del transport, protocol, ours
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert any("unclosed transport" in str(warning.message) for warning in caught)
    assert [ref() for ref in refs] == [None, None]
    peer.close()


async def test_a_server_that_is_closed(loop):
    server = await loop.create_server(Recorder, sock=listening())
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.close()
    await writer.wait_closed()
    while await reader.read():
        pass
    server.close()
    await server.wait_closed()
    await turns(3)
    refs = weakref.ref(server), weakref.ref(reader), weakref.ref(writer.transport)
    del server, reader, writer
    gc.collect()
    assert [ref() for ref in refs] == [None, None, None]


def test_the_loop_does_not_keep_what_a_callback_raised(loop, problems):
    node = Node()

    def fail(node):
        raise ValueError

    loop.call_soon(fail, node)
    one_turn(loop)
    problems.take()
    ref = weakref.ref(node)
    del node
    gc.collect()
    assert ref() is None
