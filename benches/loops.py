"""The event loops, by name. What is measured imports this too, so it is small."""

import asyncio
import importlib
from collections.abc import Callable

# Each has one of these, the first of them the usual one.
FACTORIES = ("new_event_loop", "EventLoop", "Loop")


def factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes a loop of the module `name`: its new_event_loop, or its class of loops."""
    module = importlib.import_module(name)
    for attribute in FACTORIES:
        if hasattr(module, attribute):
            made: Callable[[], asyncio.AbstractEventLoop] = getattr(module, attribute)
            return made
    raise ImportError(f"{name} has none of {', '.join(FACTORIES)}")
