"""Signal handlers of the loop, those of the module signal, and Ctrl-C."""

import asyncio
import os
import signal
import socket
import threading

import pytest

from support.threads import in_thread
from support.turns import one_turn

SIGNAL = signal.SIGUSR1


@pytest.fixture
def seen():
    return []


@pytest.fixture(autouse=True)
def dispositions():
    """Puts back what the tests change of the process."""
    numbers = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number=SIGNAL):
    os.kill(os.getpid(), number)


def test_a_handler_runs_as_a_callback(loop, seen):
    def handler(*args):
        assert asyncio.get_running_loop() is loop
        seen.append(args)
        loop.stop()

    assert loop.add_signal_handler(SIGNAL, handler, 1, "two") is None
    loop.call_soon(send)
    loop.run_forever()
    assert seen == [(1, "two")]
    assert loop.remove_signal_handler(SIGNAL) is True
    assert loop.remove_signal_handler(SIGNAL) is False


def test_it_is_called_for_each_signal(loop, seen):
    def handler():
        seen.append(None)
        if len(seen) == 5:
            loop.stop()
        else:
            send()

    loop.add_signal_handler(SIGNAL, handler)
    loop.call_soon(send)
    loop.run_forever()
    assert len(seen) == 5


def test_a_second_handler_replaces_the_first(loop, seen):
    loop.add_signal_handler(SIGNAL, seen.append, 1)
    loop.add_signal_handler(SIGNAL, lambda: (seen.append(2), loop.stop()))
    loop.call_soon(send)
    loop.run_forever()
    assert seen == [2]


def test_two_signals(loop, seen):
    loop.add_signal_handler(signal.SIGUSR1, lambda: (seen.append(1), send(signal.SIGUSR2)))
    loop.add_signal_handler(signal.SIGUSR2, lambda: (seen.append(2), loop.stop()))
    loop.call_soon(send)
    loop.run_forever()
    assert seen == [1, 2]


def test_a_waiting_loop_wakes(loop, seen):
    entered = threading.Event()
    loop.add_signal_handler(SIGNAL, lambda: (seen.append(1), loop.stop()))
    loop.call_soon(entered.set)
    thread = threading.Thread(target=lambda: (entered.wait(), send()))
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == [1]


def test_a_signal_while_the_loop_does_not_run(loop, seen):
    loop.add_signal_handler(SIGNAL, lambda: (seen.append(1), loop.stop()))
    send()
    assert seen == []
    loop.run_forever()
    assert seen == [1]


def test_exceptions_of_a_handler_go_to_the_exception_handler(loop, problems):
    def fail():
        loop.stop()
        raise ValueError("signal")

    loop.add_signal_handler(SIGNAL, fail)
    loop.call_soon(send)
    loop.run_forever()
    context = problems.take_one()
    assert set(context) == {"message", "exception", "handle"}
    assert str(context["exception"]) == "signal"


@pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_leaves_the_loop_from_a_handler_too(loop, seen, exception):
    def leave():
        raise exception("signal")

    loop.add_signal_handler(SIGNAL, leave)
    loop.call_soon(send)
    with pytest.raises(exception, match="signal"):
        loop.run_forever()
    loop.add_signal_handler(SIGNAL, lambda: (seen.append(1), loop.stop()))
    loop.call_soon(send)
    loop.run_forever()
    assert seen == [1]


def test_a_handler_that_raises_is_called_again(loop, problems, seen):
    def fail():
        seen.append(1)
        if len(seen) == 3:
            loop.stop()
        else:
            loop.call_soon(send)
        raise ValueError(len(seen))

    loop.add_signal_handler(SIGNAL, fail)
    loop.call_soon(send)
    loop.run_forever()
    assert [context["exception"].args for context in problems.take()] == [(1,), (2,), (3,)]


def test_a_removed_handler_leaves_the_default(loop):
    loop.add_signal_handler(SIGNAL, print)
    assert signal.getsignal(SIGNAL) not in (signal.SIG_DFL, signal.SIG_IGN)
    loop.remove_signal_handler(SIGNAL)
    assert signal.getsignal(SIGNAL) is signal.SIG_DFL
    loop.add_signal_handler(signal.SIGINT, print)
    loop.remove_signal_handler(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_close_removes_the_handlers(loop):
    loop.add_signal_handler(SIGNAL, print)
    loop.close()
    assert signal.getsignal(SIGNAL) is signal.SIG_DFL
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_uncatchable_signals(loop, number):
    with pytest.raises(RuntimeError, match=f"sig {int(number)} cannot be caught"):
        loop.add_signal_handler(number, print)
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_numbers_of_no_signal(loop, number):
    with pytest.raises(ValueError, match=f"invalid signal number {number}"):
        loop.add_signal_handler(number, print)
    with pytest.raises(ValueError, match=f"invalid signal number {number}"):
        loop.remove_signal_handler(number)


def test_what_is_no_number(loop):
    with pytest.raises(TypeError, match="sig must be an int, not 'SIGUSR1'"):
        loop.add_signal_handler("SIGUSR1", print)
    with pytest.raises(TypeError, match="sig must be an int, not None"):
        loop.remove_signal_handler(None)


def test_coroutines_are_no_handlers(loop):
    async def handler():
        pass

    with pytest.raises(TypeError, match=r"coroutines cannot be used with add_signal_handler\(\)"):
        loop.add_signal_handler(SIGNAL, handler)
    coroutine = handler()
    with pytest.raises(TypeError, match=r"coroutines cannot be used with add_signal_handler\(\)"):
        loop.add_signal_handler(SIGNAL, coroutine)
    coroutine.close()


def test_only_the_main_thread_may_add_handlers(loop):
    def add():
        with pytest.raises(RuntimeError, match="only works in main thread"):
            loop.add_signal_handler(SIGNAL, print)

    in_thread(add)
    assert signal.getsignal(SIGNAL) is signal.SIG_DFL


@pytest.mark.rondel_only("asyncio leaves -1 behind")
def test_the_wakeup_descriptor_of_others_is_put_back(loop, seen):
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
        try:
            loop.run_until_complete(asyncio.sleep(0))
            assert signal.set_wakeup_fd(ours.fileno()) == ours.fileno()
            loop.add_signal_handler(SIGNAL, lambda: (seen.append(1), loop.stop()))
            loop.call_soon(send)
            loop.run_forever()
            loop.remove_signal_handler(SIGNAL)
            loop.close()
            assert seen == [1]
        finally:
            assert signal.set_wakeup_fd(-1) == ours.fileno()


@pytest.mark.rondel_only("in asyncio a signal just before the wait is seen only after it")
def test_pythons_own_handlers_run_while_the_loop_waits(loop, seen):
    entered = threading.Event()

    def handler(number, frame):
        seen.append(number)
        loop.call_soon_threadsafe(loop.stop)

    signal.signal(SIGNAL, handler)
    loop.call_soon(entered.set)
    thread = threading.Thread(target=lambda: (entered.wait(), send()))
    thread.start()
    loop.run_forever()
    thread.join()
    assert seen == [SIGNAL]


def test_what_pythons_own_handler_raises_in_a_callback_is_the_callbacks(loop, problems):
    def handler(number, frame):
        raise LookupError("from the handler")

    signal.signal(SIGNAL, handler)
    loop.call_soon(send)
    one_turn(loop)
    assert str(problems.take_one()["exception"]) == "from the handler"


def test_keyboard_interrupt_in_this_process(loop):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loop.call_soon(send, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    assert not loop.is_running()
    loop.run_until_complete(asyncio.sleep(0))
