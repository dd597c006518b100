"""What a run is told, and how it is handed to the process that does it."""

import dataclasses
import json
import os
import resource

# Descriptors of an actor, both ends of its connections among them, with room to spare.
DESCRIPTORS = 12
ACTORS_PER_CORE = 128


@dataclasses.dataclass(frozen=True)
class Settings:
    """One run."""

    seed: int
    seconds: float
    at_once: int  # actors that run at the same time
    patience: float  # seconds without an end (an actor) or a sign of life that count as hung
    loop: str  # asyncio, rondel, or a module that has a `new_event_loop`
    only: tuple[str, ...] = ()  # parts of actors' names; none: all actors
    modules: tuple[str, ...] = ()  # further modules whose actors take part

    @property
    def stock(self) -> bool:
        """Whether it is asyncio's own loop that soaks, to show that the soak asks nothing wrong.

        Left out there is what asyncio itself fails at: TLS that is reset or cancelled (it hangs),
        Unix sockets that close with much left to write (3.13.0 then watches for writing with None
        for a callback), a server that closes while it accepts, and children, of which some are
        killed as they end (their exit codes may then be lost).
        """
        return self.loop == "asyncio"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        values = json.loads(text)
        for name in ("only", "modules"):
            values[name] = tuple(values[name])
        return cls(**values)


def bearable() -> int:
    """How many actors this machine bears at once: as many as its descriptors and cores allow."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = hard if hard != resource.RLIM_INFINITY else 1 << 20
    cores = len(os.sched_getaffinity(0))
    return max(1, min((allowed - 100) // DESCRIPTORS, ACTORS_PER_CORE * cores))
