"""multiprocessing and subprocesses beside a loop."""

import sys

import pytest

from support import child

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
