"""What call_soon, call_later and call_at return, and the arguments they take."""

import asyncio
import functools
import gc
import math
import sys
import weakref

import pytest

from support.turns import one_turn, turns


def callback(*args):
    pass


class Payload:
    """Something that weak references can point to."""


def makers(loop):
    """A handle of each kind, none of which has run."""
    return [
        loop.call_soon(callback, 1),
        loop.call_soon_threadsafe(callback, 1),
        loop.call_later(3600, callback, 1),
        loop.call_at(loop.time() + 3600, callback, 1),
    ]


def test_types(loop):
    soon, safe, later, at = makers(loop)
    assert all(isinstance(handle, asyncio.Handle) for handle in (soon, safe, later, at))
    assert isinstance(later, asyncio.TimerHandle)
    assert isinstance(at, asyncio.TimerHandle)
    assert not isinstance(soon, asyncio.TimerHandle)
    assert not isinstance(safe, asyncio.TimerHandle)
    assert isinstance(loop.call_soon(callback), asyncio.Handle)
    assert isinstance(loop.call_later(-1, callback), asyncio.TimerHandle)


def test_cancel(loop):
    seen = []
    handles = [loop.call_soon(seen.append, 1), loop.call_later(-1, seen.append, 2)]
    for handle in handles:
        assert handle.cancelled() is False
        assert handle.cancel() is None
        assert handle.cancelled() is True
        handle.cancel()
    one_turn(loop)
    one_turn(loop)
    assert seen == []


def test_cancel_after_the_run(loop):
    seen = []
    handles = [loop.call_soon(seen.append, 1), loop.call_later(-1, seen.append, 2)]
    one_turn(loop)
    assert seen == [1, 2]
    for handle in handles:
        assert handle.cancelled() is False
        handle.cancel()
        assert handle.cancelled() is True


def test_a_callback_may_cancel_its_own_handle(loop):
    seen = []
    handles = []
    handles.append(loop.call_soon(lambda: (handles[0].cancel(), seen.append("ran on"))))
    handles.append(loop.call_later(-1, lambda: (handles[1].cancel(), seen.append("ran on"))))
    one_turn(loop)
    assert seen == ["ran on"] * 2


def test_cancel_drops_callback_and_arguments_at_once(loop):
    for schedule in (
        loop.call_soon,
        loop.call_soon_threadsafe,
        functools.partial(loop.call_later, 9),
    ):
        argument, target = Payload(), Payload()
        target.call = callback
        dead = [weakref.ref(argument), weakref.ref(target)]
        handle = schedule(functools.partial(callback, target), argument)
        del argument, target
        assert None not in [ref() for ref in dead]
        handle.cancel()
        assert [ref() for ref in dead] == [None, None]


def test_a_handle_that_ran_and_is_gone_keeps_nothing(loop):
    argument = Payload()
    dead = weakref.ref(argument)
    loop.call_soon(callback, argument)
    loop.call_later(-1, callback, argument)
    del argument
    one_turn(loop)
    assert dead() is None


def test_weak_references(loop):
    soon, safe, later, at = makers(loop)
    refs = [weakref.ref(handle) for handle in (soon, safe, later, at)]
    assert [ref() for ref in refs] == [soon, safe, later, at]
    for handle in (soon, safe, later, at):
        handle.cancel()
    del soon, safe, later, at, handle
    one_turn(loop)
    gc.collect()
    assert [ref() for ref in refs[:2]] == [None, None]


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("args", [(), (1, "two"), ("x" * 500,)], ids=["none", "two", "long"])
def test_repr_of_handle(loop, debug, args):
    loop.set_debug(debug)
    ours, model = loop.call_soon(callback, *args), asyncio.Handle(callback, args, loop)
    assert repr(ours) == repr(model)
    ours.cancel(), model.cancel()
    assert repr(ours) == repr(model)
    assert "cancelled" in repr(ours)


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
def test_repr_of_timer_handle(loop, debug):
    loop.set_debug(debug)
    when = loop.time() + 3600
    ours, model = loop.call_at(when, callback, 1), asyncio.TimerHandle(when, callback, (1,), loop)
    assert repr(ours) == repr(model)
    ours.cancel()
    assert "cancelled" in repr(ours)
    assert f"when={when}" in repr(ours)


def test_repr_of_other_callables(loop):
    for function in (functools.partial(callback, 1), [].append, callback.__call__, Payload, len):
        ours, model = loop.call_soon(function, 2), asyncio.Handle(function, (2,), loop)
        assert repr(ours) == repr(model)
        ours.cancel()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Handle.get_context came with 3.12")
def test_get_context(loop):
    import contextvars

    context = contextvars.copy_context()
    for handle in (
        loop.call_soon(callback, context=context),
        loop.call_later(9, callback, context=context),
    ):
        assert handle.get_context() is context
        handle.cancel()
        assert handle.get_context() is context
    assert isinstance(loop.call_soon(callback).get_context(), contextvars.Context)


def test_when(loop):
    assert loop.call_at(1e9 + 0.125, callback).when() == 1e9 + 0.125
    assert loop.call_at(10**9, callback).when() == 10**9
    before = loop.time()
    when = loop.call_later(5, callback).when()
    assert before + 5 <= when <= loop.time() + 5


def test_comparisons_of_timers(loop):
    early, late = loop.call_at(1e9, callback), loop.call_at(2e9, callback)
    assert early < late and early <= late and late > early and late >= early
    assert early != late and early != late
    twin = loop.call_at(1e9, callback)
    assert early == twin and early <= twin and early >= twin
    assert not early < twin and not early > twin
    assert hash(early) == hash(twin) == hash(early.when())
    assert early != loop.call_at(1e9, callback, 1), "other arguments"
    assert early != loop.call_at(1e9, len), "another callback"
    twin.cancel()
    assert early != twin, "one is cancelled"


def test_comparisons_with_something_else(loop):
    timer = loop.call_at(1e9, callback)
    assert timer != 1e9
    assert timer != loop.call_soon(callback)
    with pytest.raises(TypeError, match="not supported between instances"):
        timer < 1e9  # noqa: B015  the comparison itself raises
    handle = loop.call_soon(callback)
    assert handle == handle
    assert handle != loop.call_soon(callback)
    with pytest.raises(TypeError, match="not supported between instances"):
        handle < handle  # noqa: B015  the comparison itself raises


def test_missing_times(loop):
    with pytest.raises(TypeError, match="delay must not be None"):
        loop.call_later(None, callback)
    with pytest.raises(TypeError, match="when cannot be None"):
        loop.call_at(None, callback)


@pytest.mark.parametrize("wrong", ["1", [], object()], ids=["str", "list", "object"])
def test_times_of_the_wrong_type(loop, wrong):
    with pytest.raises(TypeError):
        loop.call_later(wrong, callback)


@pytest.mark.parametrize("use", ["call_soon", "call_soon_threadsafe", "call_later", "call_at"])
def test_missing_and_unknown_arguments(loop, use):
    method = getattr(loop, use)
    time = (1,) if use in ("call_later", "call_at") else ()
    with pytest.raises(TypeError):
        method(*time)
    with pytest.raises(TypeError):
        method(*time, callback, colour="red")
    with pytest.raises(TypeError):
        method()


def test_times_in_the_past_run_in_the_next_turn(loop):
    seen = []
    for delay in (0, -1, -0.0, -1e300, -math.inf, False):
        loop.call_later(delay, seen.append, delay)
    loop.call_at(0, seen.append, "at 0")
    one_turn(loop)
    assert len(seen) == 7


def test_times_too_far_away_never_run(loop):
    seen = []
    for delay in (math.inf, 1e300, 10**30, 1e10):
        assert loop.call_later(delay, seen.append, delay).when() >= delay
    loop.call_at(math.inf, seen.append, "at")
    loop.run_until_complete(turns(3))
    loop.run_until_complete(asyncio.sleep(0.001))
    assert seen == []


@pytest.mark.rondel_only("in asyncio a deadline of NaN spoils the order of the heap of timers")
def test_a_deadline_that_is_no_number_is_refused(loop):
    with pytest.raises(ValueError, match=r"(?i)nan"):
        loop.call_later(math.nan, callback)
    with pytest.raises(ValueError, match=r"(?i)nan"):
        loop.call_at(math.nan, callback)


def test_never_early(loop):
    early = []

    def check(when):
        if loop.time() < when:
            early.append(when)

    start = loop.time()
    for n in range(300):
        when = start + n * 0.00007
        loop.call_at(when, check, when)
    loop.call_at(start + 0.025, loop.stop)
    loop.run_forever()
    assert early == []


def test_cancelled_timers_do_not_pile_up(loop):
    handles = [loop.call_later(3600 + n, callback) for n in range(100_000)]
    refs = [weakref.ref(handle) for handle in handles]
    for handle in handles:
        handle.cancel()
    del handles, handle
    loop.run_until_complete(turns(2))
    alive = sum(ref() is not None for ref in refs)
    assert alive <= 100, "asyncio keeps up to a hundred"


@pytest.mark.rondel_only("asyncio keeps cancelled timers until there are a hundred of them")
def test_cancelled_timers_leave_at_once(loop):
    refs = []
    for n in range(100):
        handle = loop.call_later(3600 + n, callback)
        refs.append(weakref.ref(handle))
        handle.cancel()
        del handle
    assert [ref() for ref in refs] == [None] * 100
