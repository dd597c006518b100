"""What is there before the soak and must be all that is there after it."""

import asyncio
import collections
import contextlib
import gc
import os
import pathlib
import threading

# Objects of these packages count; those of others are theirs to keep.
PACKAGES = (
    "asyncio",
    "_asyncio",
    "rondel",
    "socket",
    "_socket",
    "ssl",
    "_ssl",
    "subprocess",
    "soak",
    "select",
)


class Inventory:
    """The descriptors, threads, children and objects of this process at one moment."""

    def __init__(self) -> None:
        self.descriptors = _descriptors()
        self.threads = len(os.listdir("/proc/self/task"))
        self.objects = _objects()

    def left(self) -> list[str]:
        """What is there now and was not then, a line for each; empty where all is as it was."""
        found = [
            f"descriptor {fd} is left: {what}"
            for fd, what in _descriptors().items()
            if fd not in self.descriptors
        ]
        if (threads := len(os.listdir("/proc/self/task"))) > self.threads:
            found.append(
                f"{threads - self.threads} threads are left; of Python: {threading.enumerate()}"
            )
        found += [f"child {what} is left" for what in _children()]
        for name, count in sorted((_objects() - self.objects).items()):
            found.append(f"{count} of {name} are left")
        return found


def open_descriptors() -> int:
    """How many descriptors are open."""
    return len(os.listdir("/proc/self/fd"))


def _descriptors() -> dict[int, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        # The one that lists them is closed by now.
        with contextlib.suppress(FileNotFoundError):
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


def _children() -> list[str]:
    found = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                found.append(f"{pid} (state {state}) {command}")
    return found


def _objects() -> collections.Counter[str]:
    # Twice: what the first one's finalizers leave behind.
    gc.collect()
    gc.collect()
    counts: collections.Counter[str] = collections.Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        if kind.__module__.partition(".")[0] in PACKAGES:
            counts[f"{kind.__module__}.{kind.__qualname__}"] += 1
        elif asyncio.iscoroutine(thing):
            counts["coroutine"] += 1
    return counts
