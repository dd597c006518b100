"""What callbacks raise: what leaves the loop, what goes to the exception handler, and how."""

import asyncio
import logging
import os
import threading
import traceback

import pytest

from support.loops import loop_class
from support.turns import one_turn


def fail(exception):
    raise exception


class Odd(BaseException):
    """Neither an Exception nor one of the two that leave the loop."""


LEAVING = pytest.mark.parametrize("leaving", [KeyboardInterrupt, SystemExit])


@LEAVING
def test_leaves_at_once_and_the_rest_stays_ready(loop, leaving):
    seen = []
    loop.call_soon(seen.append, 1)
    loop.call_soon(fail, leaving("enough"))
    loop.call_soon(seen.append, 2)
    timer = loop.call_at(0, seen.append, 3)
    with pytest.raises(leaving, match="enough"):
        loop.run_forever()
    assert seen == [1]
    assert not loop.is_running()
    assert asyncio._get_running_loop() is None
    loop.call_soon(seen.append, 4)
    one_turn(loop)
    assert seen == [1, 2, 3, 4]
    assert not timer.cancelled()


@LEAVING
def test_leaves_from_a_timer(loop, leaving):
    loop.call_later(0.001, fail, leaving)
    with pytest.raises(leaving):
        loop.run_forever()


@LEAVING
def test_leaves_from_a_reader(loop, leaving):
    reader, writer = os.pipe()
    os.write(writer, b".")
    loop.add_reader(reader, fail, leaving)
    for _ in range(2):
        with pytest.raises(leaving):
            loop.run_forever()
    loop.remove_reader(reader)
    os.close(reader), os.close(writer)
    one_turn(loop)


@LEAVING
def test_leaves_from_another_threads_callback(loop, leaving):
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(fail, leaving))
    loop.call_soon(thread.start)
    with pytest.raises(leaving):
        loop.run_forever()
    thread.join()


@LEAVING
def test_leaves_from_a_task_and_is_kept_by_it(loop, leaving):
    async def main():
        fail(leaving("task"))

    task = loop.create_task(main())
    with pytest.raises(leaving):
        loop.run_forever()
    assert isinstance(task.exception(), leaving)
    with pytest.raises(leaving):
        loop.run_until_complete(main())
    assert loop.run_until_complete(asyncio.sleep(0, "alive")) == "alive"


@pytest.mark.parametrize(
    "exception",
    [ValueError("v"), Odd("o"), asyncio.CancelledError("c"), GeneratorExit("g")],
    ids=repr,
)
def test_anything_else_goes_to_the_handler(loop, problems, exception):
    seen = []
    handle = loop.call_soon(fail, exception)
    loop.call_soon(seen.append, "the turn goes on")
    one_turn(loop)
    assert seen == ["the turn goes on"]
    context = problems.take_one()
    assert set(context) == {"message", "exception", "handle"}
    assert context["exception"] is exception
    assert context["handle"] is handle
    assert context["message"].startswith("Exception in callback fail(")
    assert f"test_exceptions.py:{fail.__code__.co_firstlineno}" in context["message"]


def test_a_base_exception_of_a_task_goes_to_the_task(loop):
    async def main():
        raise Odd("mine")

    with pytest.raises(Odd, match="mine"):
        loop.run_until_complete(main())


def test_what_cannot_be_called_goes_to_the_handler(loop, problems):
    loop.call_soon(7)
    one_turn(loop)
    context = problems.take_one()
    assert isinstance(context["exception"], TypeError)
    assert "'int' object is not callable" in str(context["exception"])
    assert context["message"].startswith("Exception in callback 7")


def test_debug_adds_where_the_handle_was_made(loop, problems):
    loop.set_debug(True)
    loop.call_soon(fail, ValueError())
    loop.call_later(-1, fail, ValueError())
    loop.call_soon_threadsafe(fail, ValueError())
    one_turn(loop)
    contexts = problems.take()
    assert len(contexts) == 3
    for context in contexts:
        assert set(context) == {"message", "exception", "handle", "source_traceback"}
        assert context["source_traceback"][-1].name == "test_debug_adds_where_the_handle_was_made"


def test_a_readers_exception(loop, problems):
    reader, writer = os.pipe()
    os.write(writer, b".")
    loop.add_reader(reader, fail, ValueError("reader"))
    one_turn(loop)
    one_turn(loop)
    contexts = problems.take()
    assert [str(context["exception"]) for context in contexts] == ["reader"] * 2, "still watched"
    assert set(contexts[0]) == {"message", "exception", "handle"}
    loop.remove_reader(reader)
    os.close(reader), os.close(writer)


async def test_an_exception_that_nobody_retrieved(loop, problems):
    async def main():
        raise ValueError("unseen")

    task = asyncio.create_task(main())
    await asyncio.wait([task])
    del task
    context = problems.take_one()
    assert set(context) == {"message", "exception", "future"}
    assert context["message"] == "Task exception was never retrieved"


def test_set_exception_handler(loop, log):
    calls = []
    assert loop.get_exception_handler() is None

    def handler(*args):
        calls.append(args)

    loop.set_exception_handler(handler)
    assert loop.get_exception_handler() is handler
    loop.call_soon(fail, ValueError("1"))
    one_turn(loop)
    ((given, context),) = calls
    assert given is loop
    assert str(context["exception"]) == "1"
    with pytest.raises(TypeError, match="A callable object or None is expected, got 7"):
        loop.set_exception_handler(7)
    assert loop.get_exception_handler() is handler
    loop.set_exception_handler(None)
    assert loop.get_exception_handler() is None
    loop.call_soon(fail, ValueError("2"))
    one_turn(loop)
    assert len(calls) == 1
    assert str(log.take_one().exc_info[1]) == "2"


def test_the_default_handler_logs(loop, log):
    exception = ValueError("logged")
    handle = loop.call_soon(fail, exception)
    text = repr(handle)
    one_turn(loop)
    record = log.take_one()
    assert (record.name, record.levelno) == ("asyncio", logging.ERROR)
    first, second = record.getMessage().split("\n")
    assert first.startswith("Exception in callback fail(")
    assert second == f"handle: {text}"
    assert record.exc_info[0] is ValueError
    assert record.exc_info[1] is exception
    assert traceback.extract_tb(record.exc_info[2])[-1].name == "fail"


def test_the_default_handler_in_debug_mode(loop, log):
    loop.set_debug(True)
    loop.call_soon(fail, ValueError("logged"))
    one_turn(loop)
    message = log.take_one().getMessage()
    assert "\nObject created at (most recent call last):\n" in message.replace(
        "source_traceback: ", "\n"
    )


def test_the_default_handler_may_be_called_by_ones_own(loop, log):
    loop.set_exception_handler(lambda loop, context: loop.default_exception_handler(context))
    loop.call_soon(fail, ValueError("passed on"))
    one_turn(loop)
    assert str(log.take_one().exc_info[1]) == "passed on"


def test_call_exception_handler_with_what_one_has(loop, log, problems):
    context = {"message": "my own", "colour": "red"}
    loop.call_exception_handler(context)
    assert problems.take_one() is context
    loop.set_exception_handler(None)
    loop.call_exception_handler(context)
    loop.call_exception_handler({})
    assert log.messages() == ["my own\ncolour: 'red'", "Unhandled exception in event loop"]


def test_a_handler_that_raises_gets_the_default_one(loop, log):
    loop.set_exception_handler(lambda loop, context: fail(LookupError("handler")))
    seen = []
    loop.call_soon(fail, ValueError("callback"))
    loop.call_soon(seen.append, "goes on")
    one_turn(loop)
    assert seen == ["goes on"]
    record = log.take_one()
    assert record.getMessage().startswith(
        "Unhandled error in exception handler\ncontext: {'message'"
    )
    assert isinstance(record.exc_info[1], LookupError)


@LEAVING
def test_a_handler_may_leave_the_loop(loop, leaving):
    loop.set_exception_handler(lambda loop, context: fail(leaving))
    loop.call_soon(fail, ValueError("callback"))
    with pytest.raises(leaving):
        loop.run_forever()


def test_a_subclass_may_replace_the_default_handler(loop_kind, log):
    class Own(loop_class(loop_kind)):
        def default_exception_handler(self, context):
            seen.append(str(context["exception"]))
            fail(LookupError("again"))

    seen = []
    loop = Own()
    loop.call_soon(fail, ValueError("mine"))
    one_turn(loop)
    loop.close()
    assert seen == ["mine"]
    assert log.messages() == ["Exception in default exception handler"]
