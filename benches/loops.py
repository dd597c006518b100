"""The event loops, by name. What is measured imports this too, so it is small."""

import asyncio
import importlib
from collections.abc import Callable


def factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes a loop of the module `name`, which is asyncio or has a new_event_loop like it."""
    made: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module(name).new_event_loop
    return made
