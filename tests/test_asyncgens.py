"""Asynchronous generators: the loop knows those that are alive, and closes them."""

import asyncio
import gc
import sys

import pytest

from support.turns import one_turn, turns


async def numbers(seen, error=None):
    try:
        for n in range(10):
            yield n
    finally:
        await asyncio.sleep(0)
        seen.append("closed")
        if error is not None:
            raise error


async def test_shutdown_closes_what_is_alive(loop):
    seen = []
    generators = [numbers(seen), numbers(seen)]
    for generator in generators:
        assert await anext(generator) == 0
    await loop.shutdown_asyncgens()
    assert seen == ["closed"] * 2
    with pytest.raises(StopAsyncIteration):
        await anext(generators[0])


async def test_shutdown_of_nothing(loop):
    await loop.shutdown_asyncgens()
    await loop.shutdown_asyncgens()


async def test_an_error_while_closing_goes_to_the_handler(loop, problems):
    generator = numbers([], ValueError("at the end"))
    await anext(generator)
    await loop.shutdown_asyncgens()
    context = problems.take_one()
    assert set(context) == {"message", "exception", "asyncgen"}
    assert context["asyncgen"] is generator
    assert context["message"].startswith(
        "an error occurred during closing of asynchronous generator"
    )
    assert str(context["exception"]) == "at the end"


async def test_an_abandoned_generator_is_closed_by_the_loop(loop):
    seen = []
    generator = numbers(seen)
    await anext(generator)
    del generator
    gc.collect()
    await turns(4)
    assert seen == ["closed"]


async def test_one_abandoned_by_break(loop):
    seen = []
    async for n in numbers(seen):
        if n == 3:
            break
    gc.collect()
    await turns(4)
    assert seen == ["closed"]


def test_one_that_dies_while_the_loop_does_not_run(loop):
    seen = []

    async def main():
        generator = numbers(seen)
        await anext(generator)
        return generator

    generator = loop.run_until_complete(main())
    del generator
    gc.collect()
    for _ in range(4):
        one_turn(loop)
    assert seen == ["closed"]


async def test_one_that_starts_after_the_shutdown(loop):
    await loop.shutdown_asyncgens()
    generator = numbers([])
    with pytest.warns(ResourceWarning, match="was scheduled after loop.shutdown_asyncgens"):
        await anext(generator)
    await generator.aclose()


def test_hooks_are_set_only_while_the_loop_runs(loop):
    def hooks():
        return sys.get_asyncgen_hooks()

    before = hooks()
    inside = []
    loop.call_soon(lambda: inside.append(hooks()))
    one_turn(loop)
    assert inside[0].firstiter is not None
    assert inside[0].finalizer is not None
    assert hooks() == before

    def fail():
        raise KeyboardInterrupt

    loop.call_soon(fail)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    assert hooks() == before


def test_the_hooks_of_the_user_are_put_back(loop):
    def firstiter(generator):
        pass

    before = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=firstiter)
    try:
        loop.run_until_complete(asyncio.sleep(0))
        assert sys.get_asyncgen_hooks().firstiter is firstiter
    finally:
        sys.set_asyncgen_hooks(*before)
