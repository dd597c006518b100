"""Slow-callback warnings name what blocked, with its file and line (uvloop#656)."""

import asyncio
import functools
import os
import re
import signal

import pytest

from support.net import connected
from support.protocols import Recorder
from support.turns import one_turn, turns

FILE = os.path.basename(__file__)


@pytest.fixture
def slow(loop, log):
    """The messages about slow callbacks that a turn gives; each callback counts as slow."""
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    yield log
    loop.slow_callback_duration = 60
    log.take()


def line_of(function) -> int:
    return function.__code__.co_firstlineno


def one_that_blocks(*args):
    pass


class Blocker:
    def method(self):
        pass


def names_it(messages, function, name):
    """One of the messages says the name, the file and the line of this function."""
    place = rf"{name}\(.*\) at \S*{FILE}:{line_of(function)}\b"
    found = [message for message in messages if re.search(place, message)]
    assert found, messages
    assert all(re.fullmatch(r"(?s)Executing <.*> took \d+\.\d{3} seconds", m) for m in found)


def test_slow_callback_is_named_with_its_line(loop, slow):
    loop.call_soon(one_that_blocks, 1)
    one_turn(loop)
    names_it(slow.messages(), one_that_blocks, "one_that_blocks")


def test_slow_timer_is_named_with_its_line(loop, slow):
    loop.call_at(0, one_that_blocks, 1)
    one_turn(loop)
    names_it(slow.messages(), one_that_blocks, "one_that_blocks")


def test_slow_partial_is_named_by_what_it_calls(loop, slow):
    loop.call_soon(functools.partial(one_that_blocks, 1))
    one_turn(loop)
    names_it(slow.messages(), one_that_blocks, "one_that_blocks")


def test_slow_method_is_named_with_its_class(loop, slow):
    loop.call_soon(Blocker().method)
    one_turn(loop)
    (message,) = slow.messages()
    assert message.startswith("Executing <Handle Blocker.method() created at ")


@pytest.mark.rondel_only("asyncio tells the line of plain functions alone")
def test_slow_method_is_named_with_its_line(loop, slow):
    loop.call_soon(Blocker().method)
    one_turn(loop)
    (message,) = slow.messages()
    assert re.search(rf" defined at \S*{FILE}:{line_of(Blocker.method)} took ", message)


def test_slow_signal_handler_is_named_with_its_line(loop, slow):
    loop.add_signal_handler(signal.SIGUSR1, one_that_blocks)
    os.kill(os.getpid(), signal.SIGUSR1)
    messages = []
    while not any("one_that_blocks" in message for message in messages):
        one_turn(loop)
        messages += slow.messages()
    names_it(messages, one_that_blocks, "one_that_blocks")
    loop.remove_signal_handler(signal.SIGUSR1)


def test_slow_step_of_a_task_names_the_coroutine_and_its_line(loop, slow):
    """And not the wrapper that makes the step."""

    async def blocks_in_its_second_step():
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    task = loop.create_task(blocks_in_its_second_step(), name="culprit")
    one_turn(loop)
    (message,) = slow.messages()
    line = line_of(blocks_in_its_second_step) + 1
    assert "name='culprit'" in message
    assert "blocks_in_its_second_step()" in message
    assert re.search(rf"running at \S*{FILE}:{line}\b", message), "where it stands after the step"
    assert "TaskStep" not in message
    loop.run_until_complete(task)


def test_slow_step_says_where_the_task_was_created(loop, slow):
    async def blocks():
        await asyncio.sleep(0)

    task = loop.create_task(blocks())
    line = line_of(blocks) + 3
    one_turn(loop)
    (message,) = slow.messages()
    assert re.search(rf"created at \S*{FILE}:{line}\b", message)
    loop.run_until_complete(task)


@pytest.mark.rondel_only("asyncio names its own _read_ready, and the transport alone")
async def test_slow_protocol_methods_name_the_protocol(loop, slow):
    """For connection_made, which is a callback, and for what the native half calls."""

    class SlowProtocol(Recorder):
        pass

    async with connected(SlowProtocol) as (_transport, protocol, peer):
        peer.send(b"data")
        await protocol.received(4)
        await turns(1)
    messages = slow.messages()
    for start in (
        r"<Handle Recorder\.connection_made\(",
        r"<\w+Transport fd=.*> for <.*SlowProtocol object at ",
    ):
        assert [m for m in messages if re.match("Executing " + start, m)], (start, messages)


def test_quick_callbacks_are_not_named(loop, log):
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    loop.call_soon(one_that_blocks)
    one_turn(loop)
    assert log.messages() == []


def test_slow_callbacks_go_unnoticed_outside_of_debug_mode(loop, log):
    loop.slow_callback_duration = 0
    loop.call_soon(one_that_blocks)
    one_turn(loop)
    assert log.messages() == []
