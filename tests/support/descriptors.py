"""The numbers of descriptors: which are open, and who gets them next."""

import asyncio
import contextlib
import gc
import os

from support.turns import turns

DESCRIPTORS = "/proc/self/fd"


def open_sockets() -> set[int]:
    """The numbers of this process's sockets."""
    numbers = set()
    for name in os.listdir(DESCRIPTORS):
        with contextlib.suppress(OSError):
            if os.readlink(f"{DESCRIPTORS}/{name}").startswith("socket:"):
                numbers.add(int(name))
    return numbers


class Strangers:
    """Takes each of these numbers in the turn it becomes free, for a file of its own."""

    def __init__(self, numbers: set[int]) -> None:
        assert numbers
        self.wanted = set(numbers)
        self.taken: set[int] = set()
        self.loop = asyncio.get_running_loop()
        self.handle = self.loop.call_soon(self._take)

    def _take(self) -> None:
        for number in self.wanted - self.taken:
            try:
                os.fstat(number)
            except OSError:
                stranger = os.memfd_create("stranger")
                if stranger != number:
                    os.dup2(stranger, number)
                    os.close(stranger)
                self.taken.add(number)
        if self.wanted - self.taken:
            self.handle = self.loop.call_soon(self._take)

    async def survive(self) -> None:
        """All numbers were free in the end, and whatever could close them again has run."""
        self._take()
        self.handle.cancel()
        try:
            assert self.taken == self.wanted, "never closed"
            await asyncio.sleep(0.001)
            gc.collect()
            await turns(3)
            for number in self.taken:
                assert os.readlink(f"{DESCRIPTORS}/{number}").startswith("/memfd:stranger")
        finally:
            for number in self.taken:
                with contextlib.suppress(OSError):
                    os.close(number)
