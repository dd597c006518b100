"""fork, multiprocessing and subprocesses beside a loop."""

import sys

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


POOL = """
    import asyncio, concurrent.futures, multiprocessing, sys, warnings
    from support.loops import new_loop

    warnings.simplefilter("ignore", DeprecationWarning)

    async def main():
        loop = asyncio.get_running_loop()
        context = multiprocessing.get_context(sys.argv[1])
        ticks = []
        ticker = loop.call_soon(lambda: ticks.append(1))
        with concurrent.futures.ProcessPoolExecutor(2, context) as pool:
            calls = [loop.run_in_executor(pool, pow, n, 2) for n in range(20)]
            print(sum(await asyncio.gather(*calls)))
        process = context.Process(target=print, args=("from the child",), kwargs={"flush": True})
        process.start()
        await asyncio.to_thread(process.join)
        print(process.exitcode, len(ticks))

    if __name__ == "__main__":
        loop = new_loop()
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(loop_kind, method):
    assert child.output(loop_kind, POOL, method) == "2470\nfrom the child\n0 1\n"


def test_a_multiprocessing_child_runs_a_loop(loop_kind):
    source = """
        import asyncio, multiprocessing, warnings
        from support.loops import new_loop

        warnings.simplefilter("ignore", DeprecationWarning)

        def run(queue):
            loop = new_loop()
            queue.put(loop.run_until_complete(asyncio.sleep(0.001, "child")))
            loop.close()

        async def main():
            context = multiprocessing.get_context("fork")
            queue = context.SimpleQueue()
            process = context.Process(target=run, args=(queue,))
            process.start()
            print(await asyncio.to_thread(queue.get))
            await asyncio.to_thread(process.join)
            print(process.exitcode)

        loop = new_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    assert child.output(loop_kind, source) == "child\n0\n"


def test_subprocess_in_a_thread(loop_kind):
    source = """
        import asyncio, subprocess, sys
        from support.loops import new_loop

        async def main():
            command = [sys.executable, "-c", "print(input()[::-1])"]
            options = {"capture_output": True, "text": True}
            runs = [asyncio.to_thread(subprocess.run, command, input=text, **options)
                    for text in ("abc", "def")]
            print([done.stdout for done in await asyncio.gather(*runs)])

        loop = new_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    assert child.output(loop_kind, source) == "['cba\\n', 'fed\\n']\n"


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
def test_a_new_program_inherits_no_descriptor(loop_kind):
    source = """
        import asyncio, os, subprocess, sys
        from support.loops import new_loop

        async def main():
            server = await asyncio.start_server(print, "127.0.0.1", 0)
            program = "import os; print(sorted(os.listdir('/proc/self/fd'), key=int)[:-1])"
            done = subprocess.run([sys.executable, "-c", program], close_fds=False,
                                  capture_output=True, text=True)
            print(done.stdout.strip())
            server.close()

        loop = new_loop()
        loop.run_until_complete(main())
        loop.close()
    """
    assert child.output(loop_kind, source) == "['0', '1', '2']\n"
