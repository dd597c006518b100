"""Runs a program in place of `python -m rondel`: what the interpreter does for `python PROGRAM`.

The model is `pymain_run_python` (Modules/main.c) and what it calls. The program becomes the module
`__main__` of this process, and finds `sys.argv` and `sys.path[0]` as it would without rondel.
`sys.orig_argv` keeps the command line as it was typed: a program that starts itself again by it,
as servers with a reloader do, comes back on rondel.
"""

import builtins
import importlib.machinery
import os
import pkgutil
import runpy
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from . import _source, _tracebacks, _versions

NAME = "rondel"
STDIN = "<stdin>"


def run_file(path: str, arguments: Sequence[str]) -> None:
    """`python path`: source, a .pyc, or a directory or zip file with a `__main__` module.

    Raises SystemExit with Python's own message and code if there is no such thing.
    """
    location = _absolute(path)
    if pkgutil.get_importer(location) is not None:
        _set_arguments(path, arguments)
        # Here -P does not keep the program's place off the path.
        if sys.flags.safe_path:
            sys.path.insert(0, location)
        else:
            sys.path[0] = location
        _new_main()
        _run_module_as_main("__main__", False)
        return
    try:
        with open(location, "rb") as file:
            content = file.read()
    except OSError as error:
        fail(f"can't open file '{location}': [Errno {error.errno}] {error.strerror}", 2)
    _set_arguments(path, arguments)
    _set_path(os.path.dirname(os.path.realpath(location)))
    main = _new_main()
    _tracebacks.call(_run_content, main, location, content)


def run_module(name: str, arguments: Sequence[str]) -> None:
    """`python -m name`. Raises SystemExit with Python's own message if there is no such module."""
    # As long as the module is looked for, argv[0] is "-m"; sys.path[0] is right already.
    _set_arguments("-m", arguments)
    _new_main()
    _run_module_as_main(name)


def run_command(command: str, arguments: Sequence[str]) -> None:
    """`python -c command`."""
    _set_arguments("-c", arguments)
    _set_path("")
    _tracebacks.call(_run_command, _new_main(), _versions.command_text(command + "\n"))


def run_stdin(arguments: Sequence[str]) -> None:
    """`python -`: the program is all that standard input has until its end."""
    _set_arguments("-", arguments)
    _set_path("")
    content = sys.stdin.buffer.read() if sys.stdin else b""
    main = _new_main()
    _tracebacks.call(_run_content, main, STDIN, content)


def fail(message: str, code: int) -> NoReturn:
    """End with one line that names rondel, and with this exit code."""
    print(f"{NAME}: {message}", file=sys.stderr)
    sys.exit(code)


def _absolute(path: str) -> str:
    """As `_Py_abspath`: `__file__` and tracebacks show it, so nothing more is normalised."""
    try:
        here = os.getcwd()
    except OSError:
        return path
    return here if path in ("", ".") else os.path.join(here, path)


def _set_arguments(name: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = [name, *arguments]


def _set_path(entry: str) -> None:
    """Put `entry` where `python -m rondel` has put the current folder, unless -P forbids both."""
    if sys.flags.safe_path:
        return
    try:
        os.getcwd()
    except OSError:
        # A folder that is gone was not put there.
        sys.path.insert(0, entry)
    else:
        sys.path[0] = entry


def _new_main() -> ModuleType:
    """A `__main__` as the interpreter makes it.

    A new one: the frames below this one, of runpy and perhaps of a profiler or debugger that runs
    rondel, go on using the names of the old one.
    """
    main = ModuleType("__main__")
    names = vars(main)
    names["__loader__"] = importlib.machinery.BuiltinImporter
    if _versions.MAIN_HAS_ANNOTATIONS:
        names["__annotations__"] = {}
    names["__builtins__"] = builtins
    sys.modules["__main__"] = main
    return main


def _run_content(main: ModuleType, location: str, content: bytes) -> None:
    names = vars(main)
    names["__file__"] = location
    if _versions.MAIN_HAS_CACHED:
        names["__cached__"] = None
    if location == STDIN:
        code = _source.compile_source(content, location)
    elif _source.is_pyc(location, content):
        names["__loader__"] = importlib.machinery.SourcelessFileLoader("__main__", location)
        code = _source.load_pyc(content)
    else:
        names["__loader__"] = importlib.machinery.SourceFileLoader("__main__", location)
        code = _source.compile_source(content, location)
    exec(code, names)


def _run_command(main: ModuleType, command: str) -> None:
    code = _source.compile_source(command, "<string>")
    _versions.show_command_in_tracebacks(code, command)
    exec(code, vars(main))


def _run_module_as_main(*arguments: object) -> None:
    try:
        # What `python -m` itself calls, so that tracebacks are the same; typeshed leaves it out.
        _tracebacks.call(runpy._run_module_as_main, *arguments)  # type: ignore[attr-defined]
    except SystemExit as end:
        # What runpy itself has to say (no such module) names the interpreter.
        prefix = f"{sys.executable}: "
        if _raised_in(end) == "_run_module_as_main" and str(end.code).startswith(prefix):
            end.code = f"{NAME}: {str(end.code).removeprefix(prefix)}"
        raise


def _raised_in(error: BaseException) -> str:
    """The name of the function that raised it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_name if trace else ""
