"""How a program under `python -m rondel` ends: tracebacks, exit codes and signals, as plain."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from support.ways_in import TIMEOUT, Folder, environment

RAISES = {
    "plain": "1/0",
    "deep": "def f(n): return f(n - 1) if n else 1/0\nf(20)",
    "cause": "try: 1/0\nexcept ZeroDivisionError as e: raise KeyError('x') from e",
    "context": "try: 1/0\nexcept ZeroDivisionError: raise KeyError('x')",
    "group": "raise ExceptionGroup('g', [ValueError(1), ExceptionGroup('h', [KeyError(2)])])",
    "note": "e = ValueError('x')\ne.add_note('hint')\nraise e",
    "no traceback": "raise ValueError('x').with_traceback(None)",
    "no message": "raise Exception",
    "base exception": "class E(BaseException): pass\nraise E(1, 2)",
    "bad str": "class E(Exception):\n    def __str__(self): 1/0\nraise E",
    "interrupt": "raise KeyboardInterrupt('x')",
    "kind of interrupt": "class E(KeyboardInterrupt): pass\nraise E",
    "generator exit": "raise GeneratorExit",
    "cancelled": "import asyncio\nraise asyncio.CancelledError('x')",
    "in import": "import json\njson.loads('{')",
    "in class": "class A:\n    1/0",
    "in exec": "exec('1/0')",
    "in compile": "compile('x = = 1', 'text.py', 'exec')",
    "in thread": "import threading\nt = threading.Thread(target=lambda: 1/0, name='t')\nt.start()",
    "in exit": "import atexit\natexit.register(lambda: 1/0)\nraise KeyError(1)",
    "missing module": "import missing_module",
    "name error": "import sys\nsyss",
    "late": "import atexit, sys\natexit.register(lambda: print(sys.excepthook, __name__))\n1/0",
    "code none": "raise SystemExit",
    "code 0": "raise SystemExit(0)",
    "code 3": "raise SystemExit(3)",
    "code 256": "raise SystemExit(256)",
    "code true": "raise SystemExit(True)",
    "code text": "raise SystemExit('stopped: é')",
    "code float": "raise SystemExit(1.5)",
    "code tuple": "raise SystemExit(1, 2)",
    "exit": "import sys\ntry: 1/0\nexcept ZeroDivisionError: sys.exit('x')",
    "_exit": "import os\nprint(1, flush=True)\nos._exit(7)",
    "signal": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "last": "import atexit, sys, traceback\n"
    "@atexit.register\ndef end():\n"
    "    print(sys.last_type, sys.last_value, sys.last_value.__traceback__ is sys.last_traceback)\n"
    "    traceback.print_tb(sys.last_traceback)\n"
    "1/0",
    "own hook": "import sys, traceback\ndef hook(kind, value, tb):\n"
    "    print(kind, value, value.__traceback__ is tb)\n"
    "    traceback.print_tb(tb)\n"
    "sys.excepthook = hook\n1/0",
    "broken hook": "import sys\ndef hook(*args): {}['x']\nsys.excepthook = hook\n1/0",
    "hook that exits": "import sys\nsys.excepthook = lambda *args: sys.exit(5)\n1/0",
    "no hook": "import sys\ndel sys.excepthook\n1/0",
    "no stderr": "import sys\nsys.stderr = None\n1/0",
    "current exception": "import sys\nprint(sys.exc_info())\nraise",
    "never awaited": "async def f(): pass\nf()",
    "unclosed": "import warnings\nwarnings.simplefilter('default')\nopen(__file__)",
    "deprecated": "import warnings\nwarnings.warn('x', DeprecationWarning)",
    "syntax warning": "print('\\d')\nassert (1, 'x')",
}

SYNTAX = {
    "indent": b"x = 1\n  y = 2\n",
    "dedent": b"if 1:\n    x = 1\n  y = 2\n",
    "tabs": b"if 1:\n\tx = 1\n        y = 2\n",
    "string": b'x = "abc\n',
    "triple-quoted": b'x = """abc\n\n',
    "f-string": b'x = f"{a b}"\n',
    "end of file": b"x = (1,\n  2\n",
    "no last newline": b"def f(",
    "parenthesis": b"x = (1]\n",
    "statement": b'print "x"\n',
    "in compiler": b"x = 1\nreturn 3\n",
    "future": b"from __future__ import nope\n",
    "await": b"await x\n",
    "carriage returns": b"x = 1\r\ny = = 2\r\n",
    "byte order mark": b"\xef\xbb\xbfx = = 1\n",
    "no UTF-8": b'x = 1\ny = "\xe9"\n',
    "no UTF-8, declared": b'# coding: utf-8\nx = 1\ny = "\xe9"\n',
    "no ASCII": b'# coding: ascii\nx = 1\ny = "\xe9"\n',
    "Latin-1": b"#!/usr/bin/python\n# coding: latin-1\nx = (\xe9\n",
    "Latin-1, run": b"# coding: latin-1\nx = '\xe9'\n1/0 # \xe9\n",
    "UTF-16": "x = 1\n".encode("utf-16"),
    "unknown encoding": b"# coding: nope\nx = 1\n",
    "two encodings": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "null": b'x = 1\ny = "\0"\n',
    "quotes": "x = \u201chello\u201d\n".encode(),
    "too deep": b"(" * 300 + b"\n",
}


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.mark.parametrize("source", RAISES.values(), ids=RAISES)
def test_end_of_a_file(folder, source):
    ended = folder.same(folder.write("prog.py", f"# First line.\n{source}\n"))
    assert "rondel" not in ended.out + ended.err


@pytest.mark.parametrize(
    "name", ["plain", "cause", "interrupt", "code text", "own hook", "no hook"]
)
@pytest.mark.parametrize("way", [("-m", "prog"), ("-c",), ("-",), ("app",)], ids=" ".join)
def test_end_of_another_start(folder, way, name):
    source = RAISES[name]
    folder.write("prog.py", source)
    folder.write("app/__main__.py", source)
    ended = folder.same(*way, *((source,) if way == ("-c",) else ()), stdin=source)
    assert ended.code != 0


@pytest.mark.parametrize("content", SYNTAX.values(), ids=SYNTAX)
def test_source_that_is_wrong(folder, content):
    folder.write("prog.py", content)
    assert folder.same("prog.py").code == 1
    assert folder.same("-", stdin=content).code == 1


def test_command_that_is_wrong(folder):
    assert folder.same("-c", "x = 1\nx = = 2").code == 1
    folder.same("-c", "  x = 1\n  1/0")


def test_module_that_is_wrong(folder):
    folder.write("prog.py", "x = = 1\n")
    assert folder.same("-m", "prog").code == 1


@pytest.mark.parametrize("header", [b"\0" * 16, None], ids=["version", "content"])
def test_compiled_file_that_is_wrong(folder, header):
    import importlib.util

    header = header or importlib.util.MAGIC_NUMBER + b"\0" * 12
    folder.write("prog.pyc", header + b"N")
    assert folder.same("prog.pyc").code == 1


def test_error_inside_asyncio_run(folder):
    """The frames between are the loop's own; those of the start are not there."""
    folder.write(
        "prog.py",
        """
        import asyncio
        async def main():
            await asyncio.sleep(0)
            raise ValueError("x")
        asyncio.run(main())
        """,
    )
    ended = folder.rondel("prog.py")
    assert ended.code == 1
    lines = ended.err.splitlines()
    assert lines[:2] == [
        "Traceback (most recent call last):",
        f'  File "{folder.path}/prog.py", line 6, in <module>',
    ]
    assert lines[-1] == "ValueError: x"
    for module in ("runpy", "__main__.py", "cli.py", "_script.py", "_tracebacks.py"):
        assert module not in ended.err


@pytest.mark.parametrize("source", ["1/0", "raise SystemExit(3)", "x = 5"])
def test_interactive_afterwards(folder, source):
    folder.write("prog.py", source)
    stdin = """
        import sys, traceback
        print(__name__, "f" in dir(), globals().get("x"))
        traceback.print_tb(getattr(sys, "last_traceback", None))
        """
    ended = folder.same("prog.py", options=("-i",), stdin=stdin)
    assert "__main__" in ended.out


def test_script_that_is_interrupted(folder):
    """Ctrl-C while asyncio runs: the traceback, and then death by SIGINT, as plain Python."""
    folder.write(
        "prog.py",
        """
        import asyncio, atexit
        atexit.register(print, "atexit")
        async def main():
            try:
                print("ready", flush=True)
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                print("cancelled")
                raise
        asyncio.run(main())
        """,
    )
    ends = [interrupt(folder, *start) for start in ((), ("-m", "rondel"))]
    for code, out, err in ends:
        assert (code, out) == (-signal.SIGINT, "cancelled\natexit\n")
        assert err.startswith("Traceback (most recent call last):\n")
        assert err.endswith("\nKeyboardInterrupt\n")
    assert "_script.py" not in ends[1][2]


def test_program_that_is_interrupted_between(folder):
    folder.write("prog.py", "print('ready', flush=True)\nwhile True: pass\n")
    for start in ((), ("-m", "rondel")):
        code, out, err = interrupt(folder, *start)
        assert (code, out) == (-signal.SIGINT, "")
        first, place, *_, last = err.splitlines()
        assert (first, last) == ("Traceback (most recent call last):", "KeyboardInterrupt")
        assert place.startswith(f'  File "{folder.path}/prog.py", line ')


def interrupt(folder, *start):
    """Start prog.py, send SIGINT once it has said "ready"; give its exit code and output."""
    with subprocess.Popen(
        [sys.executable, *start, "prog.py"],
        cwd=folder.path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
        return process.returncode, out, err


def test_reader_of_its_output_is_gone(folder):
    folder.write("prog.py", "print('x' * 100_000)\n")
    ends = []
    for start in ((), ("-m", "rondel")):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, *start, "prog.py"],
            cwd=folder.path,
            env=environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        ends.append((done.returncode, done.stderr))
    assert ends[0] == ends[1]


def test_fork_that_raises(folder):
    source = """
        import os
        if pid := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        else:
            1/0
        """
    assert folder.same(folder.write("prog.py", textwrap.dedent(source))).out == "1\n"
