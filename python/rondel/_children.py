"""Keeps rondel installed in the children that `multiprocessing` starts for a program.

A forked child has it anyway. One started by spawn or forkserver is a new interpreter, which gets a
dictionary of preparations from its parent by pickle (`multiprocessing.spawn.prepare`); an entry of
ours in it, which does the same there as `python -m rondel` does here, is all it takes.
Only `python -m rondel` does this: after `rondel.install()` the program itself decides.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import policy

SPAWN = "multiprocessing.spawn"


def follow() -> None:
    """Install rondel here, and in all children that multiprocessing starts from here on."""
    policy.install()
    if SPAWN in sys.modules:
        _add_to_preparations(sys.modules[SPAWN])
    else:
        # To import it now would cost each program the time, and change the order of its atexit.
        sys.meta_path.insert(0, _WhenImported())


class _InChild:
    """Installs rondel in the process that unpickles it."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return follow, ()


def _add_to_preparations(spawn: Any) -> None:
    original = spawn.get_preparation_data

    @functools.wraps(original)
    def get_preparation_data(name: str) -> dict[str, Any]:
        data: dict[str, Any] = original(name)
        # A program that went over to another policy does not want it in its children either.
        if policy.is_installed():
            data["rondel"] = _InChild()
        return data

    spawn.get_preparation_data = get_preparation_data


class _WhenImported:
    """Waits on `sys.meta_path` for the import of `multiprocessing.spawn`, once."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != SPAWN:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            _after_execution(spec.loader, _add_to_preparations)
        return spec


def _after_execution(loader: Any, change: Callable[[ModuleType], None]) -> None:
    """Have `change` called with the next module that `loader` has executed."""
    original = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        # The loader of a zip file serves other modules too.
        del loader.exec_module
        original(module)
        change(module)

    loader.exec_module = exec_module
