"""Misuse and odd shapes that native code must survive: an error at most, never a crash."""

import _thread
import asyncio
import contextlib
import gc
import signal
import socket
import threading

import pytest

from support import child, loops
from support.pipes import pipe
from support.protocols import Recorder


def run(loop):
    loop.call_soon(loop.stop)
    loop.run_forever()


@pytest.mark.parametrize("schedule", ["call_soon", "call_later"])
def test_a_long_chain_of_handles_is_dropped_without_end_of_the_stack(loop, schedule):
    arguments = (60,) if schedule == "call_later" else ()
    handle = None
    for _ in range(200_000):
        handle = getattr(loop, schedule)(*arguments, print, handle)
    del handle
    loop.close()


def test_what_a_chain_of_handles_held_is_dropped_with_it(loop):
    dropped = []

    class Held:
        def __del__(self):
            dropped.append(self)

    handle = None
    for _ in range(1000):
        handle = loop.call_later(60, print, handle, Held())
    del handle
    loop.close()
    assert len(dropped) == 1000


@pytest.mark.rondel_only("asyncio takes any object with the methods that it calls")
def test_a_transport_needs_a_loop_of_ours(loop_kind):
    from rondel.transports import StreamTransport

    foreign = asyncio.SelectorEventLoop()
    left, right = socket.socketpair()
    with left, right, pytest.raises(TypeError, match="SelectorEventLoop"):
        StreamTransport(foreign, left, asyncio.Protocol())
    foreign.close()
    gc.collect()


@pytest.mark.rondel_only("the native half is rondel's")
def test_no_other_class_takes_the_place_of_the_native_half(loop_kind):
    import rondel

    class Impostor(*rondel.EventLoop.__bases__):
        __slots__ = ("_native",)

        def __del__(self):
            pass

    impostor = Impostor.__new__(Impostor)
    impostor._native = []
    impostor.__class__ = rondel.EventLoop
    with pytest.raises(RuntimeError, match="__init__"):
        impostor.call_soon(print)
    impostor.__class__ = Impostor


@pytest.mark.rondel_only("asyncio's methods take any object")
def test_native_methods_refuse_other_objects(loop_kind):
    import rondel

    for method in ("call_soon", "call_later", "call_at", "call_soon_threadsafe", "create_task"):
        with pytest.raises(TypeError, match="EventLoop"):
            getattr(rondel.EventLoop, method)(object(), print)


@pytest.mark.rondel_only("the message is rondel's")
def test_a_loop_without_init_says_so(loop_kind):
    class Forgetful(loops.loop_class(loop_kind)):
        def __init__(self):
            pass

    loop = Forgetful()
    for method in (loop.call_soon, loop.create_task):
        with pytest.raises(RuntimeError, match="__init__"):
            method(print)
    with pytest.raises(RuntimeError, match="__init__"):
        loop.time()


@pytest.mark.rondel_only("asyncio starts afresh, and leaks descriptors")
def test_a_second_init_is_refused_and_the_loop_goes_on(loop):
    ran = []
    loop.call_soon(ran.append, 1)
    with pytest.raises(RuntimeError, match="twice"):
        loop.__init__()
    run(loop)
    assert ran == [1]


@pytest.mark.rondel_only("3.11's asyncio lets the second take the place of the first")
async def test_one_socket_has_one_transport(loop):
    left, right = socket.socketpair()
    left.setblocking(False)
    with right:
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.create_connection(asyncio.Protocol, sock=left)
        assert transport.is_reading()
        transport.abort()
        await asyncio.sleep(0)


async def test_the_writer_of_a_closing_transport_can_be_taken_away(loop):
    left, right = socket.socketpair()
    left.setblocking(False)
    with right:
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=left)
        fd = left.fileno()
        transport.write(bytes(10_000_000))
        transport.close()
        assert loop.remove_writer(fd)
        assert not loop.remove_writer(fd)
        loop.add_writer(fd, print)
        assert loop.remove_writer(fd)
        transport.abort()
        await asyncio.sleep(0)


def test_a_transport_of_a_closed_loop_watches_nothing(loop):
    left, right = socket.socketpair()
    left.setblocking(False)
    with right:
        transport, _ = loop.run_until_complete(loop.create_connection(asyncio.Protocol, sock=left))
        transport.pause_reading()
        loop.close()
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            transport.resume_reading()
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            transport.write(bytes(10_000_000))
        with pytest.warns(ResourceWarning, match="unclosed transport"):
            del transport
            gc.collect()
        left.close()


def test_a_thread_may_begin_with_call_soon_threadsafe_in_debug_mode(loop):
    loop.set_debug(True)
    _thread.start_new_thread(loop.call_soon_threadsafe, (loop.stop,))
    loop.run_forever()


@pytest.mark.rondel_only("asyncio sets the descriptor only where it handles signals")
def test_a_wakeup_fd_closed_during_the_run_is_not_put_back(loop):
    left, right = socket.socketpair()
    left.setblocking(False)
    before = signal.set_wakeup_fd(left.fileno())
    try:
        loop.call_soon(left.close)
        run(loop)
    finally:
        after = signal.set_wakeup_fd(before)
        right.close()
    assert after == -1


THREADING_IN_ANOTHER_THREAD = """
import _thread, sys

assert "threading" not in sys.modules
lock = _thread.allocate_lock()
lock.acquire()

def run():
    from support import loops
    loop = loops.new_loop()
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    print("ran")
    lock.release()

_thread.start_new_thread(run, ())
lock.acquire()
"""


def test_threading_may_be_imported_in_another_thread_first(loop_kind):
    assert child.output(loop_kind, THREADING_IN_ANOTHER_THREAD) == "ran\n"


def test_threads_that_make_run_and_close_loops_share_the_free_handles(loop_kind):
    def work():
        for _ in range(20):
            loop = loops.new_loop(loop_kind)
            for _ in range(100):
                loop.call_soon(int)
                loop.call_later(60, int).cancel()
            run(loop)
            loop.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.rondel_only("asyncio takes any object with the methods that it calls")
@pytest.mark.parametrize("name", ["ReadPipeTransport", "WritePipeTransport"])
def test_a_pipe_transport_needs_a_loop_of_ours(loop_kind, name):
    from rondel import pipes

    foreign = asyncio.SelectorEventLoop()
    ours, theirs = pipe()
    with ours, theirs, pytest.raises(TypeError, match="SelectorEventLoop"):
        getattr(pipes, name)(foreign, ours, asyncio.Protocol())
    foreign.close()
    gc.collect()


@pytest.mark.rondel_only("the native half is rondel's")
async def test_a_pipe_transport_is_made_once(loop):
    from rondel.pipes import WritePipeTransport

    theirs, ours = pipe()
    with theirs:
        transport, protocol = await loop.connect_write_pipe(Recorder, ours)
        with pytest.raises(RuntimeError, match="twice"):
            transport.__init__(loop, ours, protocol)
        transport.write(b"goes on")
        assert theirs.read(100) == b"goes on"
        transport.close()
        await protocol.lost
        await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="__init__"):
        WritePipeTransport.__new__(WritePipeTransport).write(b"data")
    with pytest.raises(TypeError, match="WritePipeTransport"):
        WritePipeTransport.write(object(), b"data")


@pytest.mark.rondel_only("the message is rondel's")
async def test_write_is_no_method_of_a_pipe_that_is_read(loop):
    from rondel.pipes import WritePipeTransport

    ours, theirs = pipe()
    with theirs:
        transport, protocol = await loop.connect_read_pipe(Recorder, ours)
        with pytest.raises(TypeError, match="WritePipeTransport"):
            WritePipeTransport.write(transport, b"data")
        transport.close()
        await protocol.lost
        await asyncio.sleep(0)


@pytest.mark.rondel_only("asyncio's handles are of asyncio's class")
def test_a_handle_keeps_its_class_and_its_memory(loop):
    def callback(*args):
        pass

    for handle in (loop.call_soon(callback, 1), loop.call_later(60, callback, 1, 2, 3)):
        for other in (asyncio.Handle, asyncio.TimerHandle):
            with pytest.raises(TypeError):
                handle.__class__ = other
        # The descriptors of the base class reach what a handle keeps in its slots.
        for name in ("_args", "_callback", "_cancelled", "_context", "_loop", "_repr"):
            member = vars(asyncio.Handle)[name]
            member.__set__(handle, [name])
            assert member.__get__(handle) == [name]
        with contextlib.suppress(AttributeError, TypeError):
            repr(handle)
        gc.collect()
        handle.cancel()
        for name in ("_args", "_callback", "_cancelled", "_context", "_loop", "_repr"):
            with contextlib.suppress(AttributeError):
                vars(asyncio.Handle)[name].__delete__(handle)
        handle.cancel()
        del handle
    gc.collect()
    run(loop)
