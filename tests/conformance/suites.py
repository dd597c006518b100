"""Which modules of which suite run, and what is left out, with the reason."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CPYTHON = "cpython"
UVLOOP = "uvloop"
SUITES = (CPYTHON, UVLOOP)

#: Modules that are left out as a whole.
CPYTHON_WITHOUT = {
    "test_selector_events": "the private parts of asyncio's selector loop, on mocks",
    "test_proactor_events": "asyncio's proactor loop, on mocks",
    "test_windows_events": "Windows",
    "test_windows_utils": "Windows",
}

#: Of modules that test asyncio's own parts on mocks beside real loops, the classes with real loops.
CPYTHON_CLASSES = {
    "test_base_events": ("BaseEventLoopWithSelectorTests", "TestSelectorUtils"),
    "test_unix_events": (
        "SelectorEventLoopUnixSocketTests",
        "SelectorEventLoopUnixSockSendfileTests",
        "TestFork",
        "TestFunctional",
    ),
}

#: Classes that are left out.
CPYTHON_WITHOUT_CLASSES = {
    "SelectEventLoopTests": "the tests of EPollEventLoopTests, with another selector of asyncio's",
    "PollEventLoopTests": "the tests of EPollEventLoopTests, with another selector of asyncio's",
    "SubprocessFastWatcherTests": "other child watchers of asyncio's; one of them stands for all",
    "SubprocessSafeWatcherTests": "other child watchers of asyncio's; one of them stands for all",
    "SubprocessThreadedWatcherTests": "other child watchers of asyncio's; one stands for all",
}

UVLOOP_WITHOUT = {"test_sourcecode": "the style and the types of uvloop's own source"}

#: What takes longest starts first.
SLOWEST = ("test_ssl", "test_subprocess", "test_tcp", "test_process", "test_events", "test_tasks")


@dataclass(frozen=True)
class Interpreter:
    """A Python that has rondel."""

    executable: str
    #: As "3.13.0".
    version: str
    #: The folder of test_asyncio; None where this Python came without its tests.
    tests: Path | None

    @property
    def minor(self) -> str:
        """As "3.13"."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True)
class Module:
    """A module of tests on one Python."""

    suite: str
    python: Interpreter
    name: str


def interpreter(executable: str) -> Interpreter:
    """Ask a Python what it is.

    Raises subprocess.CalledProcessError if it does not run, or has no rondel.
    """
    question = """
import importlib.util, platform, rondel
print(platform.python_version())
test = importlib.util.find_spec("test")
spec = test and importlib.util.find_spec("test.test_asyncio")
print(spec.submodule_search_locations[0] if spec else "")
"""
    answer = subprocess.run(
        [executable, "-c", question], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split("\n")
    return Interpreter(executable, answer[0], Path(answer[1]) if answer[1] else None)


def cpython_modules(python: Interpreter) -> list[Module]:
    """The modules of test_asyncio that this Python has."""
    if python.tests is None:
        return []
    return _modules(CPYTHON, python, python.tests, CPYTHON_WITHOUT)


def uvloop_modules(python: Interpreter, source: Path) -> list[Module]:
    """The modules of uvloop's suite."""
    return _modules(UVLOOP, python, source / "tests", UVLOOP_WITHOUT)


def _modules(
    suite: str, python: Interpreter, folder: Path, without: Mapping[str, str]
) -> list[Module]:
    names = sorted(path.stem for path in folder.glob("test_*.py"))
    return [Module(suite, python, name) for name in names if name not in without]


def slowest_first(modules: list[Module]) -> list[Module]:
    """The order that keeps two workers busy to the end."""
    rank = {name: place for place, name in enumerate(SLOWEST)}
    return sorted(modules, key=lambda module: rank.get(module.name, len(rank)))
