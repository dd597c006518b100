"""run_forever, run_until_complete, stop and close, and each of their error cases."""

import asyncio
import re

import pytest

from support.turns import one_turn

NESTED = "Cannot run the event loop while another loop is running"


async def value(result):
    await asyncio.sleep(0)
    return result


def test_is_an_asyncio_loop(loop):
    assert isinstance(loop, asyncio.AbstractEventLoop)
    assert isinstance(loop, asyncio.BaseEventLoop)


def test_run_until_complete_takes_coroutines_tasks_and_futures(loop):
    assert loop.run_until_complete(value(1)) == 1
    assert loop.run_until_complete(loop.create_task(value(2))) == 2
    future = loop.create_future()
    loop.call_soon(future.set_result, 3)
    assert loop.run_until_complete(future) == 3
    assert loop.run_until_complete(future) == 3, "a future that is done already"


def test_run_until_complete_raises_what_the_coroutine_raised(loop):
    async def fail():
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        loop.run_until_complete(fail())
    assert loop.run_until_complete(value(1)) == 1


@pytest.mark.parametrize("wrong", [None, 7, "coroutine", value], ids=lambda w: type(w).__name__)
def test_run_until_complete_refuses_what_cannot_be_awaited(loop, wrong):
    with pytest.raises(TypeError, match=r"coroutine|awaitable"):
        loop.run_until_complete(wrong)
    assert not loop.is_running()


def test_run_until_complete_refuses_the_future_of_another_loop(loop, new_loop):
    future = new_loop().create_future()
    with pytest.raises(ValueError, match="The future belongs to a different loop"):
        loop.run_until_complete(future)


def test_stopped_before_the_future_was_done(loop):
    future = loop.create_future()
    loop.call_soon(loop.stop)
    with pytest.raises(RuntimeError, match=r"Event loop stopped before Future completed\."):
        loop.run_until_complete(future)
    loop.call_soon(future.set_result, "later")
    assert loop.run_until_complete(future) == "later"


def test_the_callback_of_an_abandoned_future_does_not_stop_a_later_run(loop):
    first, second = loop.create_future(), loop.create_future()
    loop.call_soon(loop.stop)
    with pytest.raises(RuntimeError):
        loop.run_until_complete(first)
    loop.call_soon(first.set_result, 1)
    loop.call_soon(loop.call_soon, loop.call_soon, second.set_result, 2)
    assert loop.run_until_complete(second) == 2


def test_stop_before_the_run_gives_one_turn(loop):
    seen = []
    loop.call_soon(seen.append, 1)
    loop.call_soon(loop.call_soon, seen.append, 2)
    loop.stop()
    loop.run_forever()
    assert seen == [1]
    loop.stop()
    loop.run_forever()
    assert seen == [1, 2]


def test_stop_in_a_callback_runs_the_rest_of_the_turn(loop):
    seen = []
    loop.call_soon(loop.stop)
    loop.call_soon(seen.append, "same turn")
    loop.call_soon(loop.call_soon, seen.append, "next turn")
    loop.run_forever()
    assert seen == ["same turn"]
    one_turn(loop)
    assert seen == ["same turn", "next turn"]


def test_stop_does_not_outlive_the_run(loop):
    seen = []
    loop.call_soon(loop.stop)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.call_soon(lambda: loop.call_soon(lambda: (seen.append("second turn"), loop.stop())))
    loop.run_forever()
    assert seen == ["second turn"]


def test_is_running(loop):
    seen = []
    assert not loop.is_running()
    loop.call_soon(lambda: seen.append(loop.is_running()))
    one_turn(loop)
    assert seen == [True]
    assert not loop.is_running()


def test_the_running_loop_is_known_only_while_it_runs(loop):
    seen = []
    loop.call_soon(lambda: seen.append(asyncio.get_running_loop()))
    loop.call_soon(lambda: seen.append(asyncio.get_event_loop()))
    one_turn(loop)
    assert seen == [loop, loop]
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_a_running_loop_cannot_be_run_again(loop):
    async def again():
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            loop.run_until_complete(loop.create_future())
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)

    loop.run_until_complete(again())


def test_a_second_loop_cannot_run_inside_the_first(loop, new_loop):
    other = new_loop()

    async def nested():
        with pytest.raises(RuntimeError, match=NESTED):
            other.run_until_complete(other.create_future())
        assert asyncio.get_running_loop() is loop
        assert not other.is_running()
        await asyncio.sleep(0)

    loop.run_until_complete(nested())
    assert other.run_until_complete(value(1)) == 1


def test_a_loop_that_runs_in_another_thread_cannot_be_run_or_closed_here(loop):
    def misuse():
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            loop.run_until_complete(loop.create_future())
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()
        assert loop.is_running()

    loop.run_until_complete(asyncio.to_thread(misuse))


@pytest.mark.rondel_only("in 3.13.0 a refused run_forever clears the state of the loop that runs")
def test_a_refused_run_forever_leaves_the_running_loop_alone(loop, new_loop):
    other = new_loop()

    def misuse():
        with pytest.raises(RuntimeError, match="This event loop is already running"):
            loop.run_forever()

    async def nested():
        misuse()
        with pytest.raises(RuntimeError, match=NESTED):
            other.run_forever()
        await asyncio.to_thread(misuse)
        assert asyncio.get_running_loop() is loop
        assert loop.is_running()

    loop.run_until_complete(nested())
    assert other.run_until_complete(value(1)) == 1


def test_two_loops_take_turns_in_one_thread(loop, new_loop):
    other = new_loop()
    assert [runs.run_until_complete(value(n)) for n, runs in enumerate([loop, other, loop, other])]
    assert asyncio._get_running_loop() is None


def test_loops_run_side_by_side_in_threads(loop, new_loop):
    other = new_loop()

    async def main():
        meeting = loop.create_future()

        async def there():
            assert asyncio.get_running_loop() is other
            loop.call_soon_threadsafe(meeting.set_result, "met")

        thread = asyncio.to_thread(other.run_until_complete, there())
        return await asyncio.gather(meeting, thread)

    assert loop.run_until_complete(main()) == ["met", None]


def test_repr(loop):
    loop.set_debug(False)
    assert re.fullmatch(r"<\w+ running=False closed=False debug=False>", repr(loop))
    loop.set_debug(True)
    assert "debug=True" in repr(loop)
    seen = []
    loop.call_soon(lambda: seen.append(repr(loop)))
    one_turn(loop)
    assert "running=True" in seen[0]
    loop.close()
    assert "closed=True" in repr(loop)


def test_asyncio_runner(loop_kind):
    from support.loops import loop_class

    async def main():
        return type(asyncio.get_running_loop())

    with asyncio.Runner(loop_factory=loop_class(loop_kind)) as runner:
        assert runner.run(main()) is loop_class(loop_kind)
        assert runner.run(value(2)) == 2
        loop = runner.get_loop()
    assert loop.is_closed()
