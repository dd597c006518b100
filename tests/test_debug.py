"""Debug mode: read at construction, switched at run time, and what it watches for."""

import asyncio
import os
import signal
import sys

import pytest

from support import child
from support.threads import in_thread
from support.turns import one_turn

SHOW = """
    from support.loops import new_loop
    loop = new_loop()
    print(loop.get_debug())
    loop.close()
"""


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        ((), {}, "False"),
        ((), {"PYTHONASYNCIODEBUG": "1"}, "True"),
        ((), {"PYTHONASYNCIODEBUG": ""}, "False"),
        (("-X", "dev"), {}, "True"),
        (("-E",), {}, None),
    ],
    ids=["plain", "variable", "empty variable", "dev mode", "-E"],
)
def test_read_at_construction(loop_kind, options, env, expected):
    if options == ("-E",):  # -E hides PYTHONPATH as well
        source = f"import sys; sys.path[:0] = {sys.path!r}\n" + "\n".join(
            line.strip() for line in SHOW.splitlines()
        )
        assert (
            child.output(loop_kind, source, options=options, env={"PYTHONASYNCIODEBUG": "1"})
            == "False\n"
        )
    else:
        assert child.output(loop_kind, SHOW, options=options, env=env) == expected + "\n"


def test_set_debug(loop):
    assert loop.get_debug() is False
    loop.set_debug(True)
    assert loop.get_debug() is True
    loop.set_debug(False)
    assert loop.get_debug() is False


def work(*args):
    pass


@pytest.mark.parametrize("debug", [True, False], ids=["debug", "plain"])
def test_calls_from_the_wrong_thread(loop, debug):
    message = "Non-thread-safe operation invoked on an event loop other than the current one"

    def wrong():
        calls = [
            lambda: loop.call_soon(work),
            lambda: loop.call_later(3600, work),
            lambda: loop.call_at(loop.time() + 3600, work),
        ]
        for call in calls:
            if debug:
                with pytest.raises(RuntimeError, match=message):
                    call()
            else:
                call().cancel()
        loop.call_soon_threadsafe(work)

    loop.set_debug(debug)
    loop.slow_callback_duration = 60
    loop.run_until_complete(asyncio.to_thread(wrong))


def test_no_thread_is_wrong_while_the_loop_does_not_run(loop):
    loop.set_debug(True)
    seen = []
    in_thread(loop.call_soon, seen.append, 1)
    one_turn(loop)
    assert seen == [1]


def calls(loop, function):
    """Each method that takes a callback, by the name that its error says."""
    return {
        "call_soon": lambda: loop.call_soon(function),
        "call_soon_threadsafe": lambda: loop.call_soon_threadsafe(function),
        "call_at": lambda: loop.call_later(1, function),
        "call_at()": lambda: loop.call_at(1, function),
        "run_in_executor": lambda: loop.run_in_executor(None, function),
    }


async def coroutine_function():
    pass


def test_coroutine_functions_are_no_callbacks(loop):
    loop.set_debug(True)
    for name, call in calls(loop, coroutine_function).items():
        with pytest.raises(
            TypeError, match=rf"coroutines cannot be used with {name.rstrip('()')}\(\)"
        ):
            call()
    coroutine = coroutine_function()
    for name, call in calls(loop, coroutine).items():
        with pytest.raises(
            TypeError, match=rf"coroutines cannot be used with {name.rstrip('()')}\(\)"
        ):
            call()
    coroutine.close()


def test_what_cannot_be_called_is_no_callback(loop):
    loop.set_debug(True)
    for name, call in calls(loop, 7).items():
        message = rf"a callable object was expected by {name.rstrip('()')}\(\), got 7"
        with pytest.raises(TypeError, match=message):
            call()


def test_slow_callbacks(loop, log):
    loop.slow_callback_duration = 0
    loop.call_soon(work, 1)
    one_turn(loop)
    assert log.messages() == [], "only in debug mode"
    loop.set_debug(True)
    handle = loop.call_soon(work, 2)
    loop.call_at(0, work, 3)
    text = repr(handle)
    one_turn(loop)
    first, second = log.messages()
    assert first.startswith(f"Executing {text} took 0.")
    assert first.endswith(" seconds")
    assert second.startswith("Executing <TimerHandle when=0 work(3)")
    loop.slow_callback_duration = 60
    loop.call_soon(work)
    one_turn(loop)
    assert log.messages() == []


def test_slow_steps_of_tasks_name_the_task(loop, log):
    async def main():
        pass

    loop.set_debug(True)
    loop.slow_callback_duration = 0
    task = loop.create_task(main(), name="sluggish")
    loop.run_until_complete(task)
    messages = log.messages()
    assert messages[0].startswith("Executing <Task finished name='sluggish'")
    assert messages[0].endswith(" seconds")


def test_slow_readers(loop, log):
    reader, writer = os.pipe()
    os.write(writer, b".")
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    loop.add_reader(reader, work, "reader")
    one_turn(loop)
    assert [m for m in log.messages() if m.startswith("Executing <Handle work('reader')")]
    loop.remove_reader(reader)
    os.close(reader), os.close(writer)


def test_handles_of_readers_and_signals_know_where_they_were_made(loop, problems):
    def fail():
        raise ValueError

    reader, writer = os.pipe()
    os.write(writer, b".")
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    loop.add_reader(reader, fail)
    loop.add_signal_handler(signal.SIGUSR1, fail)
    os.kill(os.getpid(), signal.SIGUSR1)
    while len(problems.contexts) < 2:
        one_turn(loop)
    for context in problems.take():
        names = [frame.name for frame in context["source_traceback"]]
        assert "test_handles_of_readers_and_signals_know_where_they_were_made" in names
    loop.remove_reader(reader)
    loop.remove_signal_handler(signal.SIGUSR1)
    os.close(reader), os.close(writer)


def depth():
    return sys.get_coroutine_origin_tracking_depth()


def test_origins_of_coroutines_are_tracked_while_it_runs(loop):
    before = depth()
    seen = []
    loop.call_soon(lambda: seen.append(depth()))
    one_turn(loop)
    loop.set_debug(True)
    assert depth() == before
    loop.call_soon(lambda: seen.append(depth()))
    one_turn(loop)
    assert seen[0] == before
    assert seen[1] > before
    assert depth() == before


def test_tracking_is_switched_at_run_time(loop):
    before = depth()

    async def main():
        loop.set_debug(True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        switched_on = depth()
        loop.set_debug(False)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return switched_on, depth()

    switched_on, switched_off = loop.run_until_complete(main())
    assert switched_on > before
    assert switched_off == depth() == before


def test_the_depth_of_the_user_is_put_back(loop):
    loop.set_debug(True)
    sys.set_coroutine_origin_tracking_depth(3)
    try:
        loop.run_until_complete(asyncio.sleep(0))
        assert depth() == 3
        loop.call_soon(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            loop.run_forever()
        assert depth() == 3
    finally:
        sys.set_coroutine_origin_tracking_depth(0)


def test_never_awaited(loop):
    async def main():
        coroutine_function()

    with pytest.warns(RuntimeWarning, match="'coroutine_function' was never awaited") as caught:
        loop.run_until_complete(main())
    assert "Coroutine created at" not in str(caught[0].message)
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    with pytest.warns(RuntimeWarning, match="'coroutine_function' was never awaited") as caught:
        loop.run_until_complete(main())
    assert "Coroutine created at (most recent call last)" in str(caught[0].message)
    assert "test_debug.py" in str(caught[0].message)


async def test_a_task_destroyed_while_pending_says_where_it_was_made(loop, problems):
    import gc

    loop.set_debug(True)
    loop.slow_callback_duration = 60

    async def wait():
        await loop.create_future()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    del task
    gc.collect()
    context = problems.take_one()
    assert set(context) == {"task", "message", "source_traceback"}
    assert context["message"] == "Task was destroyed but it is pending!"
    name = "test_a_task_destroyed_while_pending_says_where_it_was_made"
    assert name in [frame.name for frame in context["source_traceback"]]
