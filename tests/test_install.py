"""`rondel.install()`, `rondel.EventLoopPolicy`, `rondel.run()`, and imports that can't work."""

import ast
import importlib.machinery
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import rondel
from support.ways_in import Folder, environment

PACKAGE = pathlib.Path(rondel.__file__).parent

# What the programs below share. `package` says whose loop it is, and closes it.
COMMON = """
import asyncio, sys, threading, warnings
import rondel

def package(loop):
    loop.close()
    return type(loop).__module__.partition(".")[0]

async def running():
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]

"""


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def output(folder, source, *options):
    """What a program prints that starts with COMMON, in a strict interpreter of its own."""
    name = folder.write("prog.py", COMMON + source)
    ended = folder.python("-W", "error", *options, name)
    assert (ended.code, ended.err) == (0, "")
    return ended.out.splitlines()


# --- install() ----------------------------------------------------------------------------------


def test_importing_installs_nothing(folder):
    assert output(folder, "print(asyncio.run(running()), rondel.is_installed())") == [
        "asyncio False"
    ]


def test_install(folder):
    source = """
rondel.install()
print(rondel.is_installed(), asyncio.run(running()), package(asyncio.new_event_loop()))
with asyncio.Runner() as runner: print(runner.run(running()))
thread = threading.Thread(target=lambda: print(asyncio.run(running())))
thread.start(); thread.join()
with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner: print(runner.run(running()))
"""
    assert output(folder, source) == ["True rondel rondel", "rondel", "rondel", "asyncio"]


def test_install_again_changes_nothing(folder):
    source = """
rondel.install()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
rondel.install()
print(asyncio.get_event_loop() is loop)
loop.close()
"""
    assert output(folder, source) == ["True"]


def test_install_while_a_loop_runs(folder):
    source = """
async def main():
    before = asyncio.get_running_loop()
    rondel.install()
    assert asyncio.get_running_loop() is asyncio.get_event_loop() is before
    return await asyncio.to_thread(lambda: asyncio.run(running()))
print(asyncio.run(main()), asyncio.run(running()))
"""
    assert output(folder, source) == ["rondel rondel"]


def test_uninstall(folder):
    source = """
rondel.uninstall()
rondel.install()
rondel.uninstall()
print(rondel.is_installed(), asyncio.run(running()))
rondel.install()
print(rondel.is_installed(), asyncio.run(running()))
"""
    assert output(folder, source) == ["False asyncio", "True rondel"]


def test_uninstall_leaves_another_policy(folder):
    source = """
warnings.simplefilter("ignore")
class Policy(asyncio.DefaultEventLoopPolicy): pass
policy = Policy()
rondel.install()
asyncio.set_event_loop_policy(policy)
rondel.uninstall()
print(asyncio.get_event_loop_policy() is policy, rondel.is_installed())
"""
    assert output(folder, source) == ["True False"]


@pytest.mark.skipif(sys.version_info >= (3, 16), reason="asyncio has no policies")
def test_policy(folder):
    source = """
policy = rondel.EventLoopPolicy()
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.set_event_loop_policy(policy)
print(rondel.is_installed(), asyncio.run(running()), package(policy.new_event_loop()))
print(isinstance(policy, asyncio.DefaultEventLoopPolicy), asyncio.get_event_loop_policy() is policy)
class Heir(rondel.EventLoopPolicy): pass
heir = Heir()
asyncio.set_event_loop_policy(heir)
rondel.install()
print(asyncio.get_event_loop_policy() is heir)
def other():
    try: policy.get_event_loop()
    except RuntimeError as error: print(error)
thread = threading.Thread(target=other, name="t")
thread.start(); thread.join()
"""
    assert output(folder, source) == [
        "True rondel rondel",
        "True True",
        "True",
        "There is no current event loop in thread 't'.",
    ]


def test_where_asyncio_has_no_policies(folder):
    """What 3.16 is to be, as far as 3.14 announces it: the functions are gone."""
    source = """
import asyncio, sys
from asyncio import events, unix_events
own = asyncio.SelectorEventLoop
for module in (asyncio, events, unix_events):
    for name in [name for name in vars(module) if "olicy" in name]:
        delattr(module, name)
def new_event_loop(): return own()
events.new_event_loop = asyncio.new_event_loop = new_event_loop
events.set_event_loop = lambda loop: None
"""
    program = """
rondel.install()
rondel.install()
print(rondel.is_installed(), asyncio.run(running()), package(asyncio.new_event_loop()))
rondel.uninstall()
print(rondel.is_installed(), asyncio.run(running()), package(asyncio.new_event_loop()))
print(package(rondel.EventLoopPolicy().new_event_loop()))
"""
    name = folder.write("prog.py", source + COMMON + program)
    ended = folder.python(name)
    assert (ended.err, ended.code) == ("", 0)
    assert ended.out.splitlines() == ["True rondel rondel", "False asyncio asyncio", "rondel"]


# --- run() --------------------------------------------------------------------------------------


def test_run(folder):
    source = """
async def main(x):
    return x, await running()
print(rondel.run(main(5)), asyncio.run(main(6)), rondel.is_installed())
"""
    assert output(folder, source) == ["(5, 'rondel') (6, 'asyncio') False"]


# How each thing ends under asyncio.run and under rondel.run.
RUN = {
    "result": "async def main(): return 5\nprint(run(main()))",
    "debug": "async def main():\n"
    " loop = asyncio.get_running_loop(); loop.slow_callback_duration = 60\n"
    " return loop.get_debug()\n"
    "print(run(main(), debug=True), run(main(), debug=False), run(main(), debug=None))",
    "error": "async def main(): raise KeyError(1)\nrun(main())",
    "exit": "async def main(): sys.exit(3)\nrun(main())",
    "cancelled": "async def main(): asyncio.current_task().cancel(); await asyncio.sleep(1)\n"
    "run(main())",
    "no coroutine": "run(5)",
    "function": "async def main(): pass\nrun(main)",
    "nothing": "run()",
    "positional": "async def main(): pass\nc = main()\ntry: run(c, True)\nfinally: c.close()",
    "inside": "async def inner(): pass\n"
    "async def main():\n c = inner()\n try: run(c)\n finally: c.close()\nrun(main())",
    "tasks left": "async def left():\n"
    " try: await asyncio.sleep(100)\n finally: print('cleaned')\n"
    "async def main(): global task; task = asyncio.create_task(left()); await asyncio.sleep(0)\n"
    "run(main()); print(task.cancelled())",
    "failing task left": "async def left():\n"
    " try: await asyncio.sleep(100)\n finally: 1/0\n"
    "async def main(): asyncio.create_task(left()); await asyncio.sleep(0)\nrun(main())",
    "generator left": "async def numbers():\n try: yield 1\n finally: print('closed')\n"
    "async def main():\n async for x in numbers(): break\nrun(main())",
    "executor": "def work(): time.sleep(0.05); print('worked')\n"
    "async def main(): asyncio.get_running_loop().run_in_executor(None, work)\nrun(main())",
    "context": "v = contextvars.ContextVar('v', default=0)\nv.set(1)\n"
    "async def main(): v.set(v.get() + 1); return v.get()\nprint(run(main()), v.get())",
    "current loop afterwards": "async def main(): pass\nrun(main())\n"
    "try: asyncio.get_running_loop()\nexcept RuntimeError as e: print(e)",
    "again": "async def main(): return id(asyncio.get_running_loop())\n"
    "a = run(main()); print(type(a), type(run(main())))",
    "interrupt": "async def main():\n"
    " try: signal.raise_signal(signal.SIGINT); await asyncio.sleep(100)\n"
    " except asyncio.CancelledError: print('cancelled'); raise\n"
    "try: run(main())\nexcept KeyboardInterrupt as e: print('interrupted', e.args)\n"
    "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
    "in a thread": "async def main(): return threading.current_thread().name\n"
    "t = threading.Thread(target=lambda: print(run(main())), name='t'); t.start(); t.join()",
}


@pytest.mark.parametrize("source", RUN.values(), ids=RUN)
def test_run_ends_as_asyncios(folder, source):
    head = "import asyncio, contextvars, signal, sys, threading, time\n"
    asyncios = folder.write("one.py", f"{head}from asyncio import run\n{source}\n")
    rondels = folder.write("two.py", f"{head}from rondel import run\n{source}\n")
    expected, got = folder.python(asyncios), folder.python(rondels)
    assert (got.code, got.out) == (expected.code, expected.out)
    # The error is the same, the way to it is not.
    assert last_line(got.err).replace("rondel.run()", "asyncio.run()") == last_line(expected.err)
    assert got.err.count("Error") == expected.err.count("Error")


def last_line(text):
    return text.splitlines()[-1] if text else ""


# --- Imports that can't work --------------------------------------------------------------------


def copy_of_the_package(folder, native):
    shutil.copytree(
        PACKAGE,
        folder.path / "rondel",
        ignore=shutil.ignore_patterns("__pycache__", *(() if native else ("_rondel*.so",))),
    )


def run_copy(folder, python, *arguments):
    """Run a Python that can import that copy of rondel alone; its exit code and stderr."""
    env = {k: v for k, v in environment().items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python, *arguments], cwd=folder.path, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_not_built(folder):
    copy_of_the_package(folder, native=False)
    code, err = run_copy(folder, sys.executable, "-m", "rondel", "prog.py")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    message = (
        f"rondel's compiled part is not built for Python {version} in {folder.path}/rondel; "
        "run `pip install rondel`, or `make build` in rondel's source tree"
    )
    assert code == 1
    assert message in err
    assert err.count("\n") == 1
    code, err = run_copy(folder, sys.executable, "-c", "import rondel")
    assert (code, last_line(err)) == (1, f"ImportError: {message}")


def test_built_for_another_python(folder):
    copy_of_the_package(folder, native=False)
    folder.write("rondel/_rondel.cpython-310-x86_64-linux-gnu.so", b"")
    code, err = run_copy(folder, sys.executable, "-c", "import rondel")
    assert code == 1
    assert "is built for another Python (_rondel.cpython-310-x86_64-linux-gnu.so) for" in err


def test_built_but_broken(folder):
    copy_of_the_package(folder, native=False)
    folder.write(f"rondel/_rondel{importlib.machinery.EXTENSION_SUFFIXES[0]}", b"no library")
    code, err = run_copy(folder, sys.executable, "-c", "import rondel")
    assert code == 1
    assert "ImportError: rondel's compiled part does not load (" in last_line(err)


def old_pythons():
    """Interpreters before 3.11 on this machine."""
    found = {}
    for minor in range(6, 11):
        name = f"python3.{minor}"
        roots = pathlib.Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}")
        candidates = [*roots, shutil.which(name)]
        for python in filter(None, candidates):
            works = subprocess.run([python, "-c", ""], capture_output=True, check=False)
            if works.returncode == 0:
                found[name] = os.fspath(python)
                break
    return found


OLD = old_pythons()


@pytest.mark.skipif(not OLD, reason="no Python before 3.11 on this machine")
@pytest.mark.parametrize("python", OLD.values(), ids=OLD)
def test_python_too_old(folder, python):
    copy_of_the_package(folder, native=True)
    code, err = run_copy(folder, python, "-m", "rondel", "prog.py")
    assert code == 1
    assert "rondel needs Python 3.11 or newer; this is Python 3." in err
    assert err.count("\n") == 1
    code, err = run_copy(folder, python, "-c", "import rondel")
    assert code == 1
    assert last_line(err).startswith("ImportError: rondel needs Python 3.11 or newer; this is")


@pytest.mark.parametrize("name", ["__init__", "_require_native", "_require_python"])
def test_old_pythons_can_read_what_comes_first(name):
    ast.parse((PACKAGE / f"{name}.py").read_text(), feature_version=(3, 7))
