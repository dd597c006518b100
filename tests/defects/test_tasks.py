"""Tasks that nobody holds, and exceptions that nobody asks for: as asyncio has it (cpython#117379).

Who holds a task weakly is asyncio, not the loop: programs and debuggers know that behaviour, and
rondel neither adds to it nor loses the messages that tell of it.
"""

import asyncio
import gc
import weakref


async def test_task_that_nobody_holds_vanishes_with_a_message(loop, problems):
    async def wait():
        await loop.create_future()

    task = asyncio.create_task(wait(), name="nobody's")
    dead = weakref.ref(task)
    await asyncio.sleep(0)
    del task
    gc.collect()
    assert dead() is None
    context = problems.take_one()
    assert context["message"] == "Task was destroyed but it is pending!"
    assert "nobody's" in repr(context["task"])


async def test_task_that_the_loop_is_about_to_wake_does_not_vanish(loop):
    """A task that waits for the loop itself is held by it: timers, sockets, its queue."""
    woken = []

    async def sleeps():
        await asyncio.sleep(0.001)
        woken.append("timer")

    async def yields():
        await asyncio.sleep(0)
        gc.collect()
        await asyncio.sleep(0)
        woken.append("queue")

    async def in_a_thread():
        await loop.run_in_executor(None, int)
        woken.append("thread")

    for function in (sleeps, yields, in_a_thread):
        loop.create_task(function())
    while len(woken) < 3:
        gc.collect()
        await asyncio.sleep(0.001)
    assert sorted(woken) == ["queue", "thread", "timer"]


async def test_task_group_holds_its_tasks(loop):
    seen = []

    async def wait(future):
        await future
        seen.append(1)

    async with asyncio.TaskGroup() as group:
        future = loop.create_future()
        group.create_task(wait(future))
        await asyncio.sleep(0)
        gc.collect()
        future.set_result(None)
    assert seen == [1]


async def test_exception_that_nobody_retrieved_is_told_when_its_task_is_collected(loop, problems):
    async def fail():
        raise LookupError("hidden")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    assert problems.contexts == []
    del task
    gc.collect()
    context = problems.take_one()
    assert context["message"] == "Task exception was never retrieved"
    assert str(context["exception"]) == "hidden"


async def test_exception_is_not_held_by_the_loop_until_a_later_collection(loop, problems):
    """No cycle of the loop's delays the message: it comes as the last reference goes."""

    async def fail():
        raise LookupError("hidden")

    gc.collect()
    gc.disable()
    try:
        loop.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert str(problems.take_one()["exception"]) == "hidden"
    finally:
        gc.enable()
