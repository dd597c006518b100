"""What is counted, by name."""

from benches.guard.scenarios import (  # noqa: F401  each registers its own
    callbacks,
    connections,
    http,
    messages,
    sockets,
    streams,
    tasks,
    timers,
    tls,
)
from benches.guard.scenarios.registry import ALL, Scenario

__all__ = ["ALL", "Scenario"]
