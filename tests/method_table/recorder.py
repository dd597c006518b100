"""A pytest plugin that writes down which tests call which methods of rondel, with which arguments.

    pytest -p method_table.recorder --record-calls FOLDER

A call counts where a test makes it, itself or through asyncio's streams and `asyncio.subprocess`,
and an argument where its value is not the default. Calls that asyncio's or rondel's own code makes
prove nothing about arguments, and do not count. Nor do those of a test that does not pass.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from . import surface
from .surface import Row

TESTS = str(Path(__file__).parents[1]) + os.sep
OWN = str(Path(__file__).parent) + os.sep
#: What hands its caller's arguments on to the loop.
HANDS_ON = tuple(
    str(Path(asyncio.__file__).with_name(f"{name}.py")) for name in ("streams", "subprocess")
)

#: What each class of rondel is in the table: some derive from several of asyncio's.
TRANSPORTS = {
    "StreamTransport": "Transport",
    "SSLTransport": "Transport",
    "DatagramTransport": "DatagramTransport",
    "SubprocessTransport": "SubprocessTransport",
    "ReadPipeTransport": "ReadTransport",
    "WritePipeTransport": "WriteTransport",
}


class Recorder:
    """What the tests of this process called."""

    def __init__(self) -> None:
        # Before anything is wrapped.
        self.rows = list(surface.rows())
        self.calls: set[tuple[Row, str]] = set()
        self._test: str | None = None
        self._of_test: set[Row] = set()

    def begin(self, test: str) -> None:
        """A test starts."""
        self._test = test
        self._of_test = set()

    def end(self, *, passed: bool) -> None:
        """The test that runs has ended."""
        if passed and self._test is not None:
            self.calls |= {(row, self._test) for row in self._of_test}
        self._test = None

    def saw(self, owner: str, name: str, used: list[str]) -> None:
        """A test called a method."""
        if self._test is not None:
            self._of_test |= {Row(owner, name, argument) for argument in used}


def used_arguments(signature: inspect.Signature, args: Any, kwargs: Any) -> list[str]:
    """The arguments that a call passes, with other values than their defaults.

    Raises TypeError if the call does not fit.
    """
    used = []
    for name, value in signature.bind(*args, **kwargs).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            used += list(value)
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL or value is not parameter.default:
            used.append(surface.starred(parameter))
    return used[1:]


def called_by_a_test(name: str, frame: FrameType | None) -> bool:
    """Whether the code of a test asked for this method."""
    # C code has no frames: what stands above may be a test that asked for something else.
    if frame is None or not _mentions(frame.f_code, name):
        return False
    while frame is not None and frame.f_code.co_filename in HANDS_ON:
        frame = frame.f_back
    if frame is None:
        return False
    file = frame.f_code.co_filename
    return file.startswith(TESTS) and not file.startswith(OWN)


def _mentions(code: CodeType, name: str) -> bool:
    return name in code.co_names or name in surface.CONTEXT_MANAGER


class Watched:
    """A method that tells the recorder of its calls, where a test asked the instance for it."""

    def __init__(self, recorder: Recorder, owner: str, name: str, original: Any, model: Any):
        self._recorder = recorder
        self._owner = owner
        self._name = name
        self._original = original
        self._signature = inspect.signature(model)
        self._takes_none = not surface.arguments(model)

    def __get__(self, instance: Any, kind: type) -> Any:
        if instance is None:
            return self._original
        if called_by_a_test(self._name, sys._getframe(1)) and _is_of_rondel(instance):
            return functools.partial(self._call, instance)
        return self._original.__get__(instance, kind)

    def _call(self, instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            used = used_arguments(self._signature, (instance, *args), kwargs)
        except TypeError:
            used = []
        self._recorder.saw(
            self._owner, self._name, [surface.NO_ARGUMENT] if self._takes_none else used
        )
        return self._original(instance, *args, **kwargs)


def wrap(recorder: Recorder, owner: str, cls: type, name: str, model: Any) -> None:
    """Have a method of a class, or a property, tell the recorder of its calls."""
    original = getattr(cls, name)
    if callable(model):
        setattr(cls, name, Watched(recorder, owner, name, original, model))
    else:
        setattr(cls, name, _watched_property(recorder, owner, name, original))


def _watched_property(recorder: Recorder, owner: str, name: str, original: Any) -> property:
    def get(self: Any) -> Any:
        if called_by_a_test(name, sys._getframe(1)) and _is_of_rondel(self):
            recorder.saw(owner, name, [surface.NO_ARGUMENT])
        return original.__get__(self)

    return property(get)


def _is_of_rondel(instance: Any) -> bool:
    import rondel

    loop = instance._loop if isinstance(instance, asyncio.Server) else None
    return loop is None or isinstance(loop, rondel.EventLoop)


def classes_of_rondel() -> Iterator[tuple[str, type]]:
    """The classes to watch, each with what it is in the table."""
    import rondel

    for module in pkgutil.iter_modules(rondel.__path__):
        if not module.name.startswith("__"):
            importlib.import_module(f"rondel.{module.name}")
    yield surface.LOOP, rondel.EventLoop
    yield surface.SERVER, asyncio.Server
    for cls in _heirs(asyncio.BaseTransport):
        if cls.__module__.startswith("rondel.") and cls.__name__ in TRANSPORTS:
            yield TRANSPORTS[cls.__name__], cls


def _heirs(cls: type) -> set[type]:
    return {heir for child in cls.__subclasses__() for heir in {child, *_heirs(child)}}


# --- The plugin -------------------------------------------------------------------------------

_recorder = Recorder()


def pytest_addoption(parser):
    parser.addoption("--record-calls", metavar="FOLDER", type=Path)


def pytest_configure(config):
    for owner, cls in list(classes_of_rondel()):
        for name, model in surface.methods(owner).items():
            wrap(_recorder, owner, cls, name, model)


def pytest_runtest_logstart(nodeid, location):
    file, test = nodeid.split("::", 1)
    within = file.removeprefix("tests/").removesuffix(".py")
    _recorder.begin(f"{within}::{test.split('[')[0]}")


def pytest_runtest_logreport(report):
    # The last report that matters: a test that fails in its setup has no call.
    if report.when == "call":
        _recorder.end(passed=report.passed)


def pytest_sessionfinish(session):
    folder = session.config.getoption("--record-calls")
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "rows": _recorder.rows,
        "calls": sorted([*row, test] for row, test in _recorder.calls),
    }
    (folder / f"{os.getpid()}.json").write_text(json.dumps(record))
