"""Programs under `python -m rondel`: the loop they get, and what relies on `__main__`."""

import pytest

from support.ways_in import Folder


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


# --- The loop -----------------------------------------------------------------------------------

# Prints the package that the loop comes from, for each way of asking asyncio for one.
LOOPS = """
import asyncio, threading

async def running(): return asyncio.get_running_loop()

def show(way, loop):
    print(way, type(loop).__module__.partition(".")[0])

show("run", asyncio.run(running()))
with asyncio.Runner() as runner: show("Runner", runner.run(running()))
loop = asyncio.new_event_loop()
show("new_event_loop", loop)
loop.close()
thread = threading.Thread(target=lambda: show("run in a thread", asyncio.run(running())))
thread.start(); thread.join()
with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
    show("explicit", runner.run(running()))
"""


@pytest.mark.parametrize("options", [(), ("-W", "error")], ids=" ".join)
@pytest.mark.parametrize("start", [("prog.py",), ("-m", "prog"), ("-c", LOOPS), ("-",)], ids=len)
def test_asyncio_makes_rondels_loops(folder, start, options):
    folder.write("prog.py", LOOPS)
    ended = folder.rondel(*start, options=options, stdin=LOOPS)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "run rondel",
        "Runner rondel",
        "new_event_loop rondel",
        "run in a thread rondel",
        "explicit asyncio",
    ]


def test_loop_that_get_event_loop_makes(folder):
    """Where this Python still makes one; and with the same warnings, at the same line."""
    folder.write(
        "prog.py",
        """
        import asyncio, sys
        try:
            loop = asyncio.get_event_loop()
        except RuntimeError as error:
            print(error)
        else:
            if "rondel" in sys.modules:
                assert type(loop).__module__.startswith("rondel"), loop
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        """,
    )
    assert folder.same("prog.py").code == 0


def test_program_with_its_own_policy_keeps_it(folder):
    folder.write(
        "prog.py",
        """
        import asyncio, warnings
        warnings.simplefilter("ignore")
        class Loop(asyncio.SelectorEventLoop): pass
        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self): return Loop()
        async def main(): print(type(asyncio.get_running_loop()))
        asyncio.set_event_loop_policy(Policy())
        asyncio.run(main())
        asyncio.set_event_loop_policy(None)
        asyncio.run(main())
        """,
    )
    out = folder.same("prog.py").out
    assert out.startswith("<class '__main__.Loop'>\n<class 'asyncio.")


def test_test_cases_of_unittest(folder):
    folder.write(
        "test_prog.py",
        """
        import asyncio, unittest
        class Test(unittest.IsolatedAsyncioTestCase):
            async def test(self):
                self.assertIn("rondel", type(asyncio.get_running_loop()).__module__)
        """,
    )
    ended = folder.rondel("-m", "unittest", "test_prog")
    assert ended.code == 0, ended.err


def test_interactive_asyncio(folder):
    stdin = "type(asyncio.get_running_loop()).__module__\nawait asyncio.sleep(0, 42)\n"
    ended = folder.rondel("-m", "asyncio", stdin=stdin)
    assert ended.code == 0
    assert "rondel" in ended.out + ended.err
    assert "42" in ended.out + ended.err


# --- The module __main__ ------------------------------------------------------------------------


def test_source_and_pickles_of_main(folder):
    folder.write(
        "prog.py",
        """
        import inspect, pickle, sys, unittest.mock
        import __main__
        class Point:
            def __init__(self, x): self.x = x
            def __eq__(self, other): return self.x == other.x
        def double(x): return 2 * x
        if __name__ == "__main__":
            assert __main__ is sys.modules["__main__"] and __main__.Point is Point
            print(inspect.getsource(Point), inspect.getsource(double), end="")
            print(inspect.getsourcefile(Point) == __file__, inspect.getmodule(double))
            print(pickle.loads(pickle.dumps(Point(3))) == Point(3))
            print(pickle.loads(pickle.dumps(double)) is double, Point.__module__, Point)
            with unittest.mock.patch("__main__.double", lambda x: x): print(double(1))
            print(double(1))
        """,
    )
    assert folder.same("prog.py").code == 0
    assert folder.same("-m", "prog").code == 0


def test_source_of_a_command(folder):
    """Known to tracebacks and `inspect` since 3.13, for this command alone."""
    command = (
        "import inspect, traceback\n"
        "def f():\n    1/0\n"
        "try: print(inspect.getsource(f))\nexcept OSError as e: print(e)\n"
        "try: f()\nexcept ZeroDivisionError: traceback.print_exc()\n"
        "f()"
    )
    assert folder.same("-c", command).code == 1


def test_warnings_name_the_program(folder):
    folder.write(
        "prog.py",
        """
        import warnings
        def f(): warnings.warn("from f", DeprecationWarning, stacklevel=2)
        f()
        warnings.warn("from main", UserWarning)
        warnings.warn("hidden", PendingDeprecationWarning)
        """,
    )
    assert folder.same("prog.py").err.count("prog.py") == 2


def test_order_of_the_end(folder):
    folder.write(
        "prog.py",
        """
        import atexit, threading, weakref
        class Noisy:
            def __del__(self): print("del", self.name)
        a = Noisy(); a.name = "global"
        weakref.finalize(a, print, "finalize")
        atexit.register(print, "atexit")
        def wait(): threading.main_thread().join(); print("thread")
        threading.Thread(target=wait).start()
        print("main")
        """,
    )
    assert folder.same("prog.py").out.splitlines()[:3] == ["main", "thread", "atexit"]


def test_imports_from_the_programs_folder(folder):
    """What stands beside the program is found; what stands in the current folder is not."""
    folder.write(
        "sub/prog.py", "import beside\ntry: import here\nexcept ImportError as e: print(e)"
    )
    folder.write("sub/beside.py", "print(__name__, __file__)")
    folder.write("here.py", "print('found')")
    assert "No module named 'here'" in folder.same("sub/prog.py").out


def test_package_run_as_a_module(folder):
    folder.write("pack/__init__.py", "value = 1")
    folder.write("pack/__main__.py", "from . import value, part\nprint(value, __package__)")
    folder.write("pack/part.py", "import sys; print(sys.argv[0])")
    assert folder.same("-m", "pack").out.endswith("1 pack\n")
    assert folder.same("pack").code == 1


def test_rondel_is_not_changed_by_the_name_of_a_program(folder):
    """A program called as one of rondel's own modules, or as the standard library's, is its own."""
    for name in ("cli.py", "policy.py", "prog_asyncio.py"):
        folder.write(name, "print(__file__, __name__)")
        assert folder.same(name).code == 0
