"""Which cores server and client run on: never the same one, where there are two."""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator

TOPOLOGY = pathlib.Path("/sys/devices/system/cpu")


@dataclasses.dataclass(frozen=True)
class Cores:
    server: int
    client: int

    @property
    def shared(self) -> bool:
        """Whether both run on one core, because there is no other."""
        return self.server == self.client


def choose() -> Cores:
    """Two of the cores that this process may use; not two threads of one core if it can help it."""
    usable = sorted(os.sched_getaffinity(0))
    first, others = usable[0], usable[1:]
    siblings = _siblings(first)
    apart = [core for core in others if core not in siblings]
    return Cores(first, next(iter(apart or others), first))


def _siblings(core: int) -> set[int]:
    """The logical cores that are threads of the same physical one (hyper-threading)."""
    try:
        text = (TOPOLOGY / f"cpu{core}" / "topology" / "thread_siblings_list").read_text()
    except OSError:  # containers may hide it
        return {core}
    found = set()
    for part in text.strip().split(","):
        low, _, high = part.partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """What is started within runs on `core` alone, from the first instruction; None: anywhere."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
