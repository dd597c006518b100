"""Programs under `python -m rondel` that start others: multiprocessing, executors, forks."""

import sys

import pytest

from support.ways_in import Folder

METHODS = ("fork", "spawn", "forkserver")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork, no forkserver")

# A program whose children report what they are; run as `PROGRAM METHOD`.
PROGRAM = """
import asyncio, multiprocessing, os, sys

print("imported as", "main" if __name__ == "__main__" else __name__, flush=True)

class Point:
    def __init__(self, x): self.x = x

async def package():
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]

def child(queue, point):
    main = sys.modules["__main__"]
    queue.put({
        "loop": asyncio.run(package()),
        "argv": sys.argv,
        "point": (point.x, type(point).__module__, type(point) is Point),
        "main": (child.__module__, getattr(main, "child", None) is child, main.__name__),
        "file": getattr(main, "__file__", None),
        "spec": getattr(main.__spec__, "name", None),
        "orig": sys.argv == sys.orig_argv[-len(sys.argv):],
        "path": [entry for entry in sys.path if "lib/python" not in entry],
        "flags": (sys.flags.optimize, sys.warnoptions),
    })

def grandchild(context, queue, point):
    process = context.Process(target=child, args=(queue, point))
    process.start()
    process.join()

def main(method):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    for target, args in ((child, ()), (grandchild, (context,))):
        process = context.Process(target=target, args=(*args, queue, Point(5)))
        process.start()
        for item in queue.get().items():
            print(*item)
        process.join()
        print("exit code", process.exitcode)

if __name__ == "__main__":
    main(sys.argv[1])
"""


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [("prog.py",), ("-m", "prog"), ("-m", "pack.prog")], ids=" ".join)
def test_children_find_what_plain_python_gives_them(folder, start, method):
    folder.write("prog.py", PROGRAM)
    folder.write("pack/prog.py", PROGRAM)
    options = ("-O", "-W", "ignore::UserWarning")
    plain = folder.python(*options, *start, method, "a")
    ended = folder.rondel(*start, method, "a", options=options)
    assert (ended.code, ended.err) == (0, "")
    assert plain.out.count("loop asyncio") == 2
    # They differ in this alone.
    assert ended.out == plain.out.replace("loop asyncio", "loop rondel")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [("app",), ("-c", "import prog, sys; prog.main(sys.argv[1])")])
def test_children_of_a_main_that_is_not_imported_again(folder, start, method):
    folder.write("prog.py", PROGRAM)
    folder.write("app/__main__.py", "import sys, prog\nprog.main(sys.argv[1])")
    folder.write("app/prog.py", PROGRAM)
    ended = folder.rondel(*start, method)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("loop rondel") == 2


@pytest.mark.parametrize("method", METHODS)
def test_process_pool_in_the_loop(folder, method):
    folder.write(
        "prog.py",
        """
        import asyncio, concurrent.futures, multiprocessing, sys
        def square(x): return x * x, __name__
        async def main():
            loop = asyncio.get_running_loop()
            context = multiprocessing.get_context(sys.argv[1])
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                print(*await asyncio.gather(
                    *(loop.run_in_executor(pool, square, x) for x in range(5))))
        if __name__ == "__main__":
            asyncio.run(main())
        """,
    )
    ended = folder.same("prog.py", method, options=("-W", "ignore::DeprecationWarning"))
    assert ended.out.startswith("(0, '__m")


def test_error_in_a_child(folder):
    """Its traceback has no frame of rondel's either."""
    folder.write(
        "prog.py",
        """
        import multiprocessing
        def fail(): 1/0
        if __name__ == "__main__":
            process = multiprocessing.get_context("spawn").Process(target=fail, name="child")
            process.start()
            process.join()
            print(process.exitcode)
        """,
    )
    assert "ZeroDivisionError" in folder.same("prog.py").err


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_program_that_went_over_to_another_policy(folder, method):
    """Then its children start as those of plain Python do."""
    folder.write(
        "prog.py",
        """
        import asyncio, multiprocessing, sys, warnings
        def child():
            loop = asyncio.new_event_loop()
            print(type(loop).__module__.partition(".")[0], "rondel" in sys.modules)
            loop.close()
        if __name__ == "__main__":
            warnings.simplefilter("ignore")
            asyncio.set_event_loop_policy(None)
            process = multiprocessing.get_context(sys.argv[1]).Process(target=child)
            process.start()
            process.join()
        """,
    )
    assert folder.same("prog.py", method).out == "asyncio False\n"


def test_multiprocessing_is_imported_only_by_who_uses_it(folder):
    ended = folder.rondel("-c", "import sys; print('multiprocessing' in sys.modules)")
    assert ended.out == "False\n"
    ended = folder.rondel(
        "-c",
        "import sys\nbefore = list(sys.meta_path)\nimport multiprocessing.spawn as spawn\n"
        "print(len(before) - len(sys.meta_path), spawn.__spec__.loader.__class__.__name__)\n"
        "print(spawn.__loader__ is spawn.__spec__.loader, vars(spawn.__loader__).keys())",
    )
    assert ended.out == "1 SourceFileLoader\nTrue dict_keys(['name', 'path'])\n"


def test_fork_inherits_the_loop_policy(folder):
    folder.write(
        "prog.py",
        """
        import asyncio, os
        async def main(): return type(asyncio.get_running_loop()).__module__.partition(".")[0]
        if pid := os.fork():
            assert os.waitpid(pid, 0)[1] == 0
        print(asyncio.run(main()), flush=True)
        """,
    )
    ended = folder.rondel("prog.py", options=("-W", "ignore::DeprecationWarning"))
    assert (ended.code, ended.out, ended.err) == (0, "rondel\nrondel\n", "")


def test_subprocess_is_another_program(folder):
    folder.write(
        "prog.py",
        """
        import subprocess, sys
        code = "import sys; print('rondel' in sys.modules)"
        subprocess.run([sys.executable, "-c", code], check=True)
        """,
    )
    assert folder.rondel("prog.py").out == "False\n"
