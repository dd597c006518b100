"""Callbacks that a running loop was given side by side: each has a context of its own.

rondel makes one copy of the context for many of them (docs/decisions/0012), and nobody
may be able to tell.
"""

import asyncio
import contextvars
import gc
import itertools
import threading
import weakref

import pytest

from support.turns import turns

variable = contextvars.ContextVar("variable", default="unset")
moments = itertools.count(0.0, 1e-6)  # of equal ones asyncio does not keep the order
USES = ["call_soon", "call_soon_threadsafe", "call_later", "call_at"]


class Value:
    """Something that a variable may hold."""


def schedule(loop, use, *args, **keywords):
    """Schedule by the method `use`, for the next turn."""
    time = {"call_later": [-1], "call_at": [next(moments)]}.get(use, [])
    return getattr(loop, use)(*time, *args, **keywords)


@pytest.mark.parametrize("use", USES)
async def test_what_one_sets_the_next_does_not_see(loop, use):
    seen = []
    for number in range(5):
        schedule(
            loop, use, lambda number=number: (seen.append(variable.get()), variable.set(number))
        )
        schedule(loop, use, lambda: seen.append(variable.get()))
    await turns(2)
    assert seen == ["unset"] * 10


@pytest.mark.parametrize("use", USES)
async def test_each_sees_what_was_set_when_it_was_scheduled(loop, use):
    seen = []
    for value in [1, 1, 2, 2, 1]:
        variable.set(value)
        schedule(loop, use, lambda: seen.append(variable.get()))
    token = variable.set(3)
    schedule(loop, use, lambda: seen.append(variable.get()))
    variable.reset(token)
    schedule(loop, use, lambda: seen.append(variable.get()))
    variable.set("later")
    await turns(2)
    assert seen == [1, 1, 2, 2, 1, 3, 1]


async def test_a_given_context_is_entered_itself(loop):
    given = contextvars.copy_context()
    for value in range(3):
        loop.call_soon(int)
        loop.call_soon(variable.set, value, context=given)
    await turns(1)
    assert given[variable] == 2
    assert variable.get() == "unset"


@pytest.mark.parametrize("use", USES)
async def test_the_context_of_a_handle_is_its_own(loop, use):
    seen = []
    handles = [schedule(loop, use, lambda: seen.append(variable.get())) for _ in range(3)]
    handles[0]._context.run(variable.set, "first")
    contexts = [handle._context for handle in handles]
    assert len({id(context) for context in contexts}) == 3
    assert [handle._context for handle in handles] == contexts
    await turns(2)
    assert seen == ["first", "unset", "unset"]


@pytest.mark.parametrize("use", USES)
async def test_the_context_of_a_handle_has_what_its_callback_set(loop, use):
    handles = [schedule(loop, use, variable.set, number) for number in range(3)]
    await turns(2)
    assert [handle._context[variable] for handle in handles] == [0, 1, 2]
    handles[1]._run()
    assert variable.get() == "unset"


@pytest.mark.parametrize("use", USES)
async def test_an_exception_handler_finds_what_the_callback_set(loop, use):
    found = []
    loop.set_exception_handler(
        lambda loop, context: found.append(context["handle"]._context.get(variable))
    )

    def fail(value):
        variable.set(value)
        raise ValueError

    for number in range(3):
        schedule(loop, use, fail, number)
        schedule(loop, use, lambda: found.append(variable.get()))
    await turns(2)
    assert found == [0, "unset", 1, "unset", 2, "unset"]


async def test_a_token_of_one_callback_is_none_of_another(loop):
    tokens, refused = [], []

    def reset():
        try:
            variable.reset(tokens[0])
        except ValueError:
            refused.append(True)

    loop.call_soon(lambda: tokens.append(variable.set(1)))
    loop.call_soon(reset)
    await turns(1)
    assert refused == [True]


async def test_a_callback_schedules_from_a_changed_context(loop):
    seen = []

    def step(left):
        seen.append(variable.get())
        loop.call_soon(lambda: seen.append(variable.get()))
        variable.set(left)
        if left:
            loop.call_soon(step, left - 1)

    loop.call_soon(step, 2)
    await turns(5)
    assert seen == ["unset", "unset", 2, 2, 1, 1]


@pytest.mark.parametrize("use", USES)
async def test_values_die_with_the_callbacks(loop, use):
    value = Value()
    ref = weakref.ref(value)

    def schedule_with(value):
        variable.set(value)
        for _ in range(3):
            schedule(loop, use, int)

    contextvars.copy_context().run(schedule_with, value)
    del value
    assert ref() is not None
    await turns(3)
    assert ref() is None


async def test_threads_have_contexts_of_their_own(loop):
    seen = []

    def from_a_thread(value):
        for _ in range(3):
            loop.call_soon_threadsafe(lambda: seen.append(variable.get()))
        variable.set(value)
        for _ in range(3):
            loop.call_soon_threadsafe(lambda: seen.append(variable.get()))

    variable.set("the loop's")
    for number in range(2):
        thread = threading.Thread(target=from_a_thread, args=[number])
        thread.start()
        await asyncio.to_thread(thread.join)
    await turns(1)
    assert seen == ["unset"] * 3 + [0] * 3 + ["unset"] * 3 + [1] * 3


@pytest.mark.rondel_only("asyncio makes a copy of the context for each callback")
async def test_many_callbacks_that_wait_have_one_context(loop):
    """Where this Python's contexts have their variables was found out: else each has its own."""

    def contexts():
        gc.collect()
        return sum(type(thing) is contextvars.Context for thing in gc.get_objects())

    loop.set_debug(False)
    before = contexts()
    handles = [loop.call_later(1000, int) for _ in range(100)]
    between = contexts()
    for handle in handles:
        handle.cancel()
    assert between - before < 5
