"""Tasks, their factories and names, and what asyncio builds from them."""

import asyncio
import gc
import sys
import weakref

import pytest

from support.turns import turns

eager_tasks = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")


async def value(result=None):
    await asyncio.sleep(0)
    return result


async def fail(exception):
    await asyncio.sleep(0)
    raise exception


async def test_create_task(loop):
    task = loop.create_task(value(1), name="named")
    assert isinstance(task, asyncio.Task)
    assert task.get_loop() is loop
    assert task.get_name() == "named"
    assert asyncio.all_tasks() == {task, asyncio.current_task()}
    assert await task == 1
    assert loop.create_task(value()).get_name().startswith("Task-")


def test_a_task_does_not_start_before_the_loop(loop):
    seen = []

    async def main():
        seen.append("ran")

    task = loop.create_task(main())
    assert seen == []
    loop.run_until_complete(task)
    assert seen == ["ran"]


async def test_create_task_refuses_what_is_no_coroutine(loop):
    for wrong in (None, 1, value, loop.create_future()):
        with pytest.raises(TypeError, match="a coroutine was expected"):
            loop.create_task(wrong)


async def test_task_factory(loop):
    made = []

    def factory(loop, coroutine, **options):
        made.append(options)
        return asyncio.Task(coroutine, loop=loop, **options)

    assert loop.get_task_factory() is None
    loop.set_task_factory(factory)
    assert loop.get_task_factory() is factory
    assert await loop.create_task(value(1)) == 1
    assert await asyncio.gather(value(2), value(3)) == [2, 3]
    assert len(made) == 3
    with pytest.raises(TypeError, match="task factory must be a callable or None"):
        loop.set_task_factory(7)
    loop.set_task_factory(None)
    assert await loop.create_task(value(4)) == 4
    assert len(made) == 3


async def test_future_of_the_loop(loop):
    future = loop.create_future()
    assert asyncio.isfuture(future)
    assert future.get_loop() is loop
    loop.call_soon(future.set_result, 1)
    assert await future == 1


async def test_a_task_waits_only_for_futures_of_its_loop(loop, new_loop):
    future = new_loop().create_future()

    async def main():
        await future

    with pytest.raises(RuntimeError, match="attached to a different loop"):
        await asyncio.create_task(main())


async def test_a_task_is_held_weakly(loop, problems):
    async def wait():
        await loop.create_future()

    task = asyncio.create_task(wait())
    dead = weakref.ref(task)
    await asyncio.sleep(0)
    del task
    gc.collect()
    assert dead() is None
    assert problems.take_one()["message"] == "Task was destroyed but it is pending!"


async def test_cancel(loop):
    async def wait():
        try:
            await loop.create_future()
        finally:
            seen.append("cleaned up")

    seen = []
    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    assert task.cancel("enough")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert seen == ["cleaned up"]
    assert not task.cancel()


async def test_cancel_before_the_start(loop):
    seen = []

    async def main():
        seen.append("ran")

    task = asyncio.create_task(main())
    task.cancel()
    await turns(2)
    assert task.cancelled()
    assert seen == []


async def test_gather(loop):
    assert await asyncio.gather(*(value(n) for n in range(100))) == list(range(100))
    assert await asyncio.gather() == []
    error = LookupError("one")
    results = await asyncio.gather(value(1), fail(error), return_exceptions=True)
    assert results == [1, error]
    with pytest.raises(LookupError, match="one"):
        await asyncio.gather(value(1), fail(LookupError("one")))


async def test_wait(loop):
    never = loop.create_future()
    first = asyncio.create_task(value(1))
    done, pending = await asyncio.wait([first, never], return_when=asyncio.FIRST_COMPLETED)
    assert (done, pending) == ({first}, {never})
    done, pending = await asyncio.wait([never], timeout=0.001)
    assert (done, pending) == (set(), {never})
    failing = asyncio.create_task(fail(ValueError()))
    done, pending = await asyncio.wait([failing, never], return_when=asyncio.FIRST_EXCEPTION)
    assert done == {failing}
    assert isinstance(failing.exception(), ValueError)


async def test_as_completed(loop):
    futures = [loop.create_future() for _ in range(3)]
    for turn, n in enumerate((2, 0, 1)):
        loop.call_later(turn * 0.002, futures[n].set_result, n)
    assert [await future for future in asyncio.as_completed(futures)] == [2, 0, 1]
    with pytest.raises(TimeoutError):
        for future in asyncio.as_completed([loop.create_future()], timeout=0.001):
            await future


async def test_wait_for_and_timeout(loop):
    assert await asyncio.wait_for(value(1), 60) == 1
    assert await asyncio.wait_for(value(1), None) == 1
    forever = loop.create_future()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(forever, 0.001)
    assert forever.cancelled()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await loop.create_future()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(loop.time()):
            await loop.create_future()
    async with asyncio.timeout(60) as limit:
        await asyncio.sleep(0)
        assert limit.when() > loop.time()
        limit.reschedule(loop.time() + 120)
    assert not limit.expired()


async def test_task_group(loop):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(value(n)) for n in range(10)]
    assert [task.result() for task in tasks] == list(range(10))
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(ValueError(1)))
            group.create_task(fail(LookupError(2)))
            sibling = group.create_task(asyncio.sleep(3600))
    assert [type(error) for error in caught.value.exceptions] == [ValueError, LookupError]
    assert sibling.cancelled()


async def test_shield(loop):
    inner = asyncio.create_task(value("kept"))

    async def wait():
        await asyncio.shield(inner)

    outer = asyncio.create_task(wait())
    await asyncio.sleep(0)
    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    assert await inner == "kept"


async def test_to_thread(loop):
    import threading

    assert await asyncio.to_thread(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 / 0)


async def test_run_coroutine_threadsafe(loop):
    def work():
        return asyncio.run_coroutine_threadsafe(value("from a thread"), loop).result(30)

    assert await asyncio.to_thread(work) == "from a thread"


@eager_tasks
async def test_eager_tasks(loop):
    loop.set_task_factory(asyncio.eager_task_factory)
    seen = []

    async def at_once():
        seen.append(asyncio.current_task())
        return 1

    outer = asyncio.current_task()
    task = asyncio.create_task(at_once(), name="eager")
    assert task.done()
    assert seen == [task]
    assert asyncio.current_task() is outer
    assert task.get_name() == "eager"
    assert await task == 1

    async def stops():
        seen.append("before")
        await asyncio.sleep(0)
        seen.append("after")
        return 2

    seen.clear()
    task = asyncio.create_task(stops())
    assert seen == ["before"]
    assert task in asyncio.all_tasks()
    assert await task == 2
    assert await asyncio.gather(stops(), at_once(), stops()) == [2, 1, 2]


@eager_tasks
async def test_eager_tasks_that_fail(loop):
    loop.set_task_factory(asyncio.eager_task_factory)

    async def at_once():
        raise ValueError("eager")

    task = asyncio.create_task(at_once())
    assert task.done()
    with pytest.raises(ValueError, match="eager"):
        await task


async def test_many_tasks(loop):
    async def count():
        nonlocal total
        for _ in range(5):
            await asyncio.sleep(0)
        total += 1

    total = 0
    await asyncio.gather(*(count() for _ in range(5000)))
    assert total == 5000


async def test_sleep(loop):
    before = loop.time()
    assert await asyncio.sleep(0.002, "result") == "result"
    assert loop.time() >= before + 0.002
    assert await asyncio.sleep(0, "at once") == "at once"
    assert await asyncio.sleep(-1, "at once") == "at once"
