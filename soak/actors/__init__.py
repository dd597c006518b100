"""What the soak does, a module for each kind."""

import importlib
from collections.abc import Sequence

from soak.actor import Actor

MODULES = (
    "streams",
    "protocols",
    "upgrades",
    "files",
    "datagrams",
    "pipes",
    "processes",
    "connecting",
    "sockets",
    "scheduling",
    "threads",
)


def choose(only: Sequence[str], further: Sequence[str]) -> list[Actor]:
    """The actors with one of `only` in their names, all where none is given.

    Raises LookupError for a name that no actor has.
    """
    modules = [f"soak.actors.{name}" for name in MODULES] + list(further)
    actors: list[Actor] = [one for name in modules for one in importlib.import_module(name).ACTORS]
    for name in only:
        if not any(name in actor.name for actor in actors):
            names = ", ".join(actor.name for actor in actors)
            raise LookupError(f"no actor has {name!r} in its name; there are: {names}")
    return [actor for actor in actors if not only or any(name in actor.name for name in only)]
