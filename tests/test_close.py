"""close, what a closed loop refuses, and loops that nobody closed."""

import asyncio
import gc
import warnings

import pytest


async def value(result):
    await asyncio.sleep(0)
    return result


def test_close(loop):
    assert not loop.is_closed()
    loop.close()
    assert loop.is_closed()
    loop.close()
    assert loop.is_closed()
    assert not loop.is_running()


def test_close_drops_what_was_scheduled(loop):
    seen = []
    loop.call_soon(seen.append, 1)
    loop.call_later(0, seen.append, 2)
    loop.close()
    assert seen == []


def nothing():
    pass


@pytest.mark.parametrize(
    "use",
    [
        lambda loop: loop.run_forever(),
        lambda loop: loop.run_until_complete(asyncio.Future(loop=loop)),
        lambda loop: loop.call_soon(nothing),
        lambda loop: loop.call_soon_threadsafe(nothing),
        lambda loop: loop.call_later(1, nothing),
        lambda loop: loop.call_at(1, nothing),
        lambda loop: loop.run_in_executor(None, nothing),
        lambda loop: loop.add_reader(0, nothing),
        lambda loop: loop.add_writer(1, nothing),
        lambda loop: loop.add_signal_handler(12, nothing),
    ],
    ids=[
        "run_forever",
        "run_until_complete",
        "call_soon",
        "call_soon_threadsafe",
        "call_later",
        "call_at",
        "run_in_executor",
        "add_reader",
        "add_writer",
        "add_signal_handler",
    ],
)
def test_a_closed_loop_refuses(loop, use):
    loop.close()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        use(loop)


def test_a_closed_loop_refuses_tasks(loop):
    loop.close()
    coroutine = value(1)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.create_task(coroutine)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        loop.run_until_complete(coroutine)
    coroutine.close()


def test_a_closed_loop_still_answers(loop):
    loop.close()
    loop.stop()
    assert loop.create_future().get_loop() is loop
    assert loop.time() >= 0
    assert loop.remove_reader(0) is False
    assert loop.remove_writer(0) is False
    assert "closed=True" in repr(loop)


def test_a_running_loop_cannot_be_closed(loop):
    async def close():
        with pytest.raises(RuntimeError, match="Cannot close a running event loop"):
            loop.close()

    loop.run_until_complete(close())
    assert not loop.is_closed()


def test_an_unclosed_loop_warns(loop_kind, log):
    from support.loops import new_loop

    loop = new_loop(loop_kind)
    with pytest.warns(ResourceWarning, match="unclosed event loop <.* closed=False") as caught:
        del loop
        gc.collect()
    assert len(caught) == 1


def test_a_closed_loop_does_not_warn(loop_kind, log):
    from support.loops import new_loop

    loop = new_loop(loop_kind)
    loop.close()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del loop
        gc.collect()
    assert caught == []
