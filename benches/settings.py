"""How much is measured: enough to trust, or enough to see that it works."""

import dataclasses
import pathlib
import resource

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Beside the connections a process has its listener, selector, pipes, libraries.
OTHER_DESCRIPTORS = 200


@dataclasses.dataclass(frozen=True)
class Settings:
    loops: tuple[str, ...]
    quick: bool
    echo_seconds: float  # of load in each sample
    tail_seconds: float  # of load at a fixed rate in each sample
    micro_seconds: float  # that each sample of a micro-benchmark takes at least
    idle_connections: int

    def rounds(self, full: int, quick: int) -> int:
        """How often each candidate is measured."""
        return quick if self.quick else full


def choose(loops: tuple[str, ...], quick: bool) -> Settings:
    """Everything by one switch. The connections are as many as this process may have."""
    idle = min(500 if quick else 10_000, raise_descriptor_limit() - OTHER_DESCRIPTORS)
    if quick:
        return Settings(
            loops,
            True,
            echo_seconds=0.1,
            tail_seconds=0.2,
            micro_seconds=0.05,
            idle_connections=idle,
        )
    return Settings(
        loops, False, echo_seconds=1.0, tail_seconds=1.0, micro_seconds=1.0, idle_connections=idle
    )


def raise_descriptor_limit() -> int:
    """Lets this process open as many descriptors as the system allows it; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 1 << 20 if hard == resource.RLIM_INFINITY else hard
