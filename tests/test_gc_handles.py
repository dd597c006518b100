"""Handles that are made while the loop runs: each way out of the loop leaves them to the collector.

rondel tells the collector of such a handle only when the loop lets go of it, or when the run ends
(docs/decisions/0010). What is forgotten on one of those ways would leak as soon as it is part of a
cycle.
"""

import asyncio
import contextvars
import gc
import threading
import warnings
import weakref

import pytest

from support import loops
from support.turns import one_turn, turns

USES = ["call_soon", "call_soon_threadsafe", "call_later", "call_at"]


class Node:
    """Something that may be part of a cycle."""

    def method(self, *args):
        pass


def schedule(loop, use, *args, delay=-1.0, **keywords):
    """Schedule by the method `use`; timers are due after `delay` seconds."""
    if use == "call_at":
        return loop.call_at(loop.time() + delay, *args, **keywords)
    if use == "call_later":
        return loop.call_later(delay, *args, **keywords)
    return getattr(loop, use)(*args, **keywords)


def in_a_cycle(loop, use, through, delay=-1.0):
    """A weak reference to a node that holds a handle which holds the node."""
    node = Node()
    if through == "callback":
        node.handle = schedule(loop, use, node.method, delay=delay)
    elif through == "arguments":
        node.handle = schedule(loop, use, id if delay < 0 else print, node, delay=delay)
    elif through == "many arguments":
        node.handle = schedule(loop, use, Node().method, 1, 2, node, delay=delay)
    else:
        context = contextvars.Context()
        context.run(contextvars.ContextVar("variable").set, node)
        node.handle = schedule(loop, use, int, delay=delay, context=context)
    return weakref.ref(node)


def is_gone(ref):
    """Whether the node is there before a collection, and gone after it."""
    assert ref() is not None
    gc.collect()
    return ref() is None


THROUGH = ["callback", "arguments", "many arguments", "context"]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("through", THROUGH)
async def test_it_ran(loop, use, through):
    ref = in_a_cycle(loop, use, through)
    gc.collect()
    assert ref() is not None, "what is pending is alive"
    await turns(2)
    assert is_gone(ref)


@pytest.mark.parametrize("use", USES)
async def test_it_raised(loop, use, problems):
    node = Node()

    def fail(node):
        raise ValueError

    node.handle = schedule(loop, use, fail, node)
    ref = weakref.ref(node)
    del node
    await turns(2)
    assert len(problems.take()) == 1
    assert is_gone(ref)


@pytest.mark.rondel_only("asyncio keeps a cancelled timer until it is due")
@pytest.mark.parametrize("use", USES)
async def test_it_was_cancelled(loop, use):
    ref = in_a_cycle(loop, use, "context", delay=3600)
    ref().handle.cancel()
    await turns(2)
    assert is_gone(ref)


@pytest.mark.parametrize("use", USES)
async def test_it_cancelled_itself(loop, use):
    node = Node()
    context = contextvars.Context()
    context.run(contextvars.ContextVar("variable").set, node)
    node.handle = schedule(
        loop, use, lambda ref: ref().handle.cancel(), weakref.ref(node), context=context
    )
    ref = weakref.ref(node)
    del node, context
    await turns(2)
    assert is_gone(ref)


@pytest.mark.parametrize("through", THROUGH)
async def test_another_thread_scheduled_it(loop, through):
    refs = []
    thread = threading.Thread(
        target=lambda: refs.append(in_a_cycle(loop, "call_soon_threadsafe", through))
    )
    thread.start()
    await loop.run_in_executor(None, thread.join)
    await turns(2)
    assert is_gone(refs[0])


ENDS = {
    "stop": lambda loop: loop.stop(),
    "exit": lambda loop: loop.call_soon(exit_now),
    "interrupt": lambda loop: loop.call_soon(interrupt_now),
}


def exit_now():
    raise SystemExit


def interrupt_now():
    raise KeyboardInterrupt


def run_to_its_end(loop, end, scenario):
    """Run `scenario` in a callback of a loop whose run then ends so."""

    def first():
        ENDS[end](loop)
        scenario()

    loop.call_soon(first)
    try:
        loop.run_forever()
    except (SystemExit, KeyboardInterrupt):
        assert end != "stop"


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("end", ENDS)
def test_its_loop_was_closed_after_a_run(new_loop, use, end):
    loop, refs = new_loop(), []
    run_to_its_end(loop, end, lambda: refs.append(in_a_cycle(loop, use, "callback", delay=3600)))
    loop.close()
    # asyncio's handlers of SIGINT know the loop no more; what remains is the cycle.
    gc.collect()
    assert refs[0]() is None


def left_over(refs):
    """What a collection leaves of it, after its unclosed loop was let go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return [ref() for ref in refs if ref() is not None]


def abandon(loop, use, end):
    """Weak references to a loop whose run has ended, and to what it still has pending."""
    refs = []

    def scenario():
        refs.append(in_a_cycle(loop, use, "callback", delay=3600))
        node = Node()
        node.loop = loop
        schedule(loop, use, node.method, delay=3600)
        refs.append(weakref.ref(node))

    run_to_its_end(loop, end, scenario)
    return [*refs, weakref.ref(loop)]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("end", ENDS)
def test_its_loop_was_abandoned_after_a_run(loop_kind, use, end):
    refs = abandon(loops.new_loop(loop_kind), use, end)
    assert left_over(refs) == []


def abandon_after_many_runs(loop):
    refs = []
    for _ in range(5):
        refs += abandon(loop, "call_later", "stop")
        loop.call_later(0, print).cancel()
    return refs


def test_it_outlived_many_runs(loop_kind):
    refs = abandon_after_many_runs(loops.new_loop(loop_kind))
    assert left_over(refs) == []


def test_it_ran_while_another_loop_ran_inside(loop, new_loop):
    refs = []
    inner = new_loop()

    def outer():
        asyncio.events._set_running_loop(None)
        refs.append(in_a_cycle(inner, "call_soon", "callback"))
        refs.append(in_a_cycle(loop, "call_soon", "callback"))
        inner.call_soon(lambda: refs.append(in_a_cycle(loop, "call_soon", "callback")))
        one_turn(inner)
        asyncio.events._set_running_loop(loop)

    loop.call_soon(outer)
    one_turn(loop)
    gc.collect()
    assert [ref() is None for ref in refs] == [True, False, False]
    one_turn(loop)
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


async def test_collections_between_all_steps(loop):
    """Collections at each allocation find handles in all states, and harm none."""
    ran = []
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for n in range(200):
            in_a_cycle(loop, USES[n % 4], THROUGH[n // 4 % 4])
            kept = schedule(loop, USES[n % 4], ran.append, n)
            schedule(loop, USES[n % 4], ran.append, -1).cancel()
            if n % 3 == 0:
                await turns(2)
        await turns(2)
        kept.cancel()
    finally:
        gc.set_threshold(*before)
    assert sorted(ran) == list(range(200))
