"""fork in a program that has a loop, running or not."""

import pytest

from support import child

FORK = """
    import asyncio, os, warnings
    from support.loops import new_loop

    # Python warns of a fork beside threads; here there are none but those of a finished executor.
    warnings.simplefilter("ignore", DeprecationWarning)

    def in_child(function):
        '''Call it in a forked child; give the child's exit code.'''
        pid = os.fork()
        if pid == 0:
            try:
                os._exit(function() or 0)
            except BaseException as error:
                print("child:", repr(error), flush=True)
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def forked(kind, body):
    return child.output(kind, FORK + body)


def test_the_child_has_no_running_loop(loop_kind):
    body = """
    def look():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return 7

    async def main():
        print(in_child(look))
        await asyncio.sleep(0)
        print(asyncio.get_running_loop() is loop)

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    """
    assert forked(loop_kind, body) == "7\nTrue\n"


def test_the_child_runs_a_loop_of_its_own(loop_kind):
    body = """
    async def child():
        reader, writer = os.pipe()
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(reader, ready.set_result, None)
        os.write(writer, b".")
        await ready
        loop.remove_reader(reader)
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(lambda: 5)

    def run():
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(child())

    async def main():
        print(in_child(run))
        print(await child())

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    """
    assert forked(loop_kind, body) == "5\n5\n"


def test_the_parents_loop_goes_on(loop_kind):
    body = """
    async def main():
        loop = asyncio.get_running_loop()
        reader, writer = os.pipe()
        got = loop.create_future()
        loop.add_reader(reader, lambda: got.done() or got.set_result(os.read(reader, 100)))
        timer = loop.create_future()
        loop.call_later(0.01, timer.set_result, "timer")
        print(in_child(lambda: 3))
        os.write(writer, b"data")
        print(await got)
        loop.remove_reader(reader)
        await asyncio.to_thread(int)
        print(await timer)
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
        r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
        print(in_child(lambda: 4))
        print(await r.read())
        w.close()
        server.close()

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    """
    assert forked(loop_kind, body) == "3\nb'data'\ntimer\n4\nb''\n"


MISUSE = """
    reader, writer = os.pipe()
    other = os.pipe()

    def attempt(call):
        try:
            call()
        except RuntimeError as error:
            return True
        return False

    def misuse():
        '''Run the parent's loop and change what it watches; 7 if the runs were refused.'''
        refused = list(map(attempt, [
            loop.run_forever,
            lambda: loop.run_until_complete(loop.create_future()),
        ]))
        attempt(lambda: loop.add_reader(other[0], print))
        attempt(lambda: loop.remove_reader(reader))
        if not all(refused):
            print(refused, flush=True)
        return 7 * all(refused)
"""


@pytest.mark.rondel_only("asyncio's child shares the parent's selector, and changes it")
def test_a_child_that_misuses_a_running_loop(loop_kind):
    body = (
        MISUSE
        + """
    async def main():
        got = loop.create_future()
        loop.add_reader(reader, lambda: got.done() or got.set_result(os.read(reader, 100)))
        print(in_child(misuse))
        os.write(writer, b"still watched")
        print(await got)
        loop.remove_reader(reader)

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    """
    )
    assert forked(loop_kind, body) == "7\nb'still watched'\n"


@pytest.mark.rondel_only("asyncio's child shares the parent's selector, and changes it")
def test_a_child_that_misuses_a_loop_at_rest(loop_kind):
    body = (
        MISUSE
        + """
    loop = new_loop()
    got = loop.create_future()
    loop.add_reader(reader, lambda: got.done() or got.set_result(os.read(reader, 100)))
    print(in_child(misuse))
    print(in_child(loop.close))
    print(in_child(lambda: attempt(lambda: loop.call_soon_threadsafe(print, "not here")) * 0))
    os.write(writer, b"still watched")
    print(loop.run_until_complete(got))
    loop.remove_reader(reader)
    loop.close()
    """
    )
    assert forked(loop_kind, body) == "7\n0\n0\nb'still watched'\n"


@pytest.mark.rondel_only("asyncio's child shares the parent's selector, and changes it")
def test_a_child_that_drops_the_parents_objects(loop_kind):
    body = """
    import gc

    async def main():
        global loop, transport, handles
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
        transport, handles = w.transport, [loop.call_later(3600, print) for _ in range(10)]

        def drop():
            global loop, transport, handles
            for handle in handles:
                handle.cancel()
            transport.abort()
            loop = transport = handles = None
            gc.collect()

        print(in_child(drop))
        w.write(b"hello")
        print(await r.readexactly(5))
        w.close()
        server.close()
        loop.call_soon(loop.stop)

    async def echo(r, w):
        w.write(await r.read(100))
        w.close()

    loop = new_loop()
    kept = loop
    kept.run_until_complete(main())
    kept.close()
    """
    out = forked(loop_kind, body)
    assert out == "0\nb'hello'\n"


def test_signals_of_the_child_stay_there(loop_kind):
    body = """
    import signal

    async def main():
        seen = []
        loop.add_signal_handler(signal.SIGUSR1, seen.append, 1)

        def child():
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            os.kill(os.getpid(), signal.SIGUSR1)
            return 3

        print(in_child(child))
        await asyncio.sleep(0.01)
        print(seen)
        os.kill(os.getpid(), signal.SIGUSR1)
        while not seen:
            await asyncio.sleep(0)
        print(seen)
        loop.remove_signal_handler(signal.SIGUSR1)

    loop = new_loop()
    loop.run_until_complete(main())
    loop.close()
    """
    assert forked(loop_kind, body) == "3\n[]\n[1]\n"
