"""The methods and arguments that asyncio of the Python at hand has."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

LOOP = "AbstractEventLoop"
SERVER = "Server"
TRANSPORTS: dict[str, type[asyncio.BaseTransport]] = {
    "Transport": asyncio.Transport,
    "DatagramTransport": asyncio.DatagramTransport,
    "SubprocessTransport": asyncio.SubprocessTransport,
    "ReadTransport": asyncio.ReadTransport,
    "WriteTransport": asyncio.WriteTransport,
}
#: The argument of a row about a method that takes none.
NO_ARGUMENT = ""
CONTEXT_MANAGER = ("__aenter__", "__aexit__")


class Row(NamedTuple):
    """An argument of a method."""

    owner: str
    method: str
    argument: str


def methods(owner: str) -> dict[str, Any]:
    """The public methods and properties of an owner, from where asyncio says what they take."""
    if owner == LOOP:
        # The abstract class names them; the one that asyncio runs has their full signatures.
        return {name: getattr(asyncio.SelectorEventLoop, name) for name in _public(owner)}
    source: type = asyncio.Server if owner == SERVER else TRANSPORTS[owner]
    return {name: inspect.getattr_static(source, name) for name in _public(owner)}


def _public(owner: str) -> list[str]:
    if owner == SERVER:
        return [*CONTEXT_MANAGER, *(name for name in dir(asyncio.Server) if name[0] != "_")]
    source: type = asyncio.AbstractEventLoop if owner == LOOP else TRANSPORTS[owner]
    return [name for name in dir(source) if name[0] != "_"]


def arguments(method: Any) -> list[str]:
    """The names of what a method takes; those of `subprocess.Popen` for its ``**kwargs``."""
    if not callable(method) or method.__name__ in CONTEXT_MANAGER:
        return []
    names = []
    for parameter in _parameters(method):
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            names.append(starred(parameter))
        elif method.__name__.startswith("subprocess_"):
            taken = {*names, "args"}
            names += [
                name for name in inspect.signature(subprocess.Popen).parameters if name not in taken
            ]
    return names


def starred(parameter: inspect.Parameter) -> str:
    """The name of a parameter, with its star."""
    star = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else ""
    return star + parameter.name


def _parameters(method: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(method).parameters.values())[1:]


def owners() -> list[str]:
    """All owners, in the order of the page."""
    return [LOOP, SERVER, *TRANSPORTS]


def rows() -> Iterator[Row]:
    """Every row of the Python at hand."""
    for owner in owners():
        for name, method in sorted(methods(owner).items()):
            for argument in arguments(method) or [NO_ARGUMENT]:
                yield Row(owner, name, argument)
