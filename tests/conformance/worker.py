"""The child process: runs one module of tests on one loop, and says of each test what became of it.

usage: worker.py SUITE MODULE LOOP OUT [--without FILE | --only FILE]

Each line of OUT is a JSON list: an outcome, the test, what there is to say of it.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import importlib
import importlib.util
import json
import os
import signal
import sys
import unittest
from asyncio import unix_events
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

if __package__ in {None, ""}:
    sys.path[0] = str(Path(__file__).parents[1])

from conformance import suites

#: As much of a traceback as is kept.
CHARACTERS = 4000


def take_asyncios_place() -> None:
    """Have asyncio make rondel's loops, also where a test asks for asyncio's own class by name.

    A policy, task factory or loop factory that a test brings itself stays in force.
    """
    import rondel

    class OfRondel(type):
        def __call__(cls, selector: object = None) -> rondel.EventLoop:
            """asyncio's class takes a selector; rondel has its own."""
            return rondel.EventLoop()

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, rondel.EventLoop)

    class SelectorEventLoop(metaclass=OfRondel):
        """Stands for `asyncio.SelectorEventLoop`."""

    policy: Any = getattr(unix_events, "_UnixDefaultEventLoopPolicy", None)
    policy = policy or unix_events._DefaultEventLoopPolicy
    policy._loop_factory = SelectorEventLoop
    for name in ("SelectorEventLoop", "EventLoop"):
        if hasattr(asyncio, name):
            setattr(asyncio, name, SelectorEventLoop)


def load(suite: str, module: str) -> unittest.TestSuite:
    """The tests of a module."""
    if suite == suites.CPYTHON:
        name = f"test.test_asyncio.{module}"
    else:
        tests = Path(os.environ["UVLOOP_SOURCE"], "tests")
        spec = importlib.util.spec_from_file_location(
            "uvloop_tests", tests / "__init__.py", submodule_search_locations=[str(tests)]
        )
        assert spec is not None
        sys.modules["uvloop_tests"] = importlib.util.module_from_spec(spec)
        name = f"uvloop_tests.{module}"
    return unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Each test of a suite of suites."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        elif isinstance(test, unittest.TestCase):
            yield test


def name_of(test: unittest.TestCase) -> str:
    """`module.Class.test`, without the packages."""
    return test.id().removeprefix("test.test_asyncio.").removeprefix("uvloop_tests.")


def belongs(suite: str, module: str) -> Callable[[str], bool]:
    """Tells the names of tests that are to run."""
    classes = suites.CPYTHON_CLASSES.get(module) if suite == suites.CPYTHON else None

    def is_wanted(name: str) -> bool:
        class_name = name.split(".")[1]
        if classes is not None and class_name not in classes:
            return False
        return suite != suites.CPYTHON or class_name not in suites.CPYTHON_WITHOUT_CLASSES

    return is_wanted


class Report(unittest.TestResult):
    """Writes down each thing as it happens, so that it is known after a crash."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    def say(self, outcome: str, test: unittest.TestCase | str, detail: str = "") -> None:
        """Add a line."""
        name = test if isinstance(test, str) else name_of(test)
        self._out.write(json.dumps([outcome, name, detail]) + "\n")
        self._out.flush()

    def _say_error(self, outcome: str, test: Any, error: Any) -> None:
        self.say(outcome, test, self._exc_info_to_string(error, test)[-CHARACTERS:])

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.say("start", test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self.say("end", test)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.say("passed", test)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._say_error("failed", test, err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self._say_error("failed", test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.say("skipped", test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        self.say("passed", test)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self.say("failed", test, "passed where the suite expects a failure")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._say_error("failed", test, err)


def main() -> None:
    """Run the tests, and leave without looking back."""
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("\n")[2])
    parser.add_argument("suite", choices=suites.SUITES)
    parser.add_argument("module")
    parser.add_argument("loop", choices=("rondel", "asyncio"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--without", type=Path)
    parser.add_argument("--only", type=Path)
    arguments = parser.parse_args()
    # A shell that runs this in the background has it ignore Ctrl-C, which some tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The supervisor ends what hangs by a signal that shows every thread's stack.
    faulthandler.enable()
    os.environ["CONFORMANCE_LOOP"] = arguments.loop
    if arguments.loop == "rondel" and arguments.suite == suites.CPYTHON:
        take_asyncios_place()
    is_wanted = belongs(arguments.suite, arguments.module)
    without = json.loads(arguments.without.read_text()) if arguments.without else []
    only = json.loads(arguments.only.read_text()) if arguments.only else None
    with arguments.out.open("a") as out:
        report = Report(out)
        tests = []
        for test in flat(load(arguments.suite, arguments.module)):
            name = name_of(test)
            if is_wanted(name) and name not in without and (only is None or name in only):
                tests.append(test)
        unittest.TestSuite(tests).run(report)
        report.say("done", arguments.module)
    sys.stderr.flush()
    # Threads and children that a failed test left behind hold nothing up.
    os._exit(0)


if __name__ == "__main__":
    main()
