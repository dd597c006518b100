"""Whether memory is flat.

The allocators of Python and C keep what a peak needed, and no two seconds carry the same load: one
look at the end proves nothing. So resident memory is taken each second, after the C library has
given back what is free. Once the first third has warmed caches and allocators up, the rest is cut
in two halves. Where something leaks, the lower quartile of the second half is above that of the
first by what leaked in the time between; that may not be more than ALLOWED.
"""

import ctypes
import os
import pathlib
import statistics

MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")
# Bytes. A kilobyte that leaks in each actor's run is more than this within ten minutes.
ALLOWED = 6 * MIB
# Fewer samples say nothing.
ENOUGH = 40


def resident() -> int:
    """Bytes of this process that are in memory now, without what the C library holds in reserve."""
    # Of glibc; others keep less.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * PAGE


class Memory:
    """Samples of the whole run."""

    def __init__(self) -> None:
        self.samples: list[int] = []

    def sample(self) -> int:
        """Take one; give it, in bytes."""
        self.samples.append(resident())
        return self.samples[-1]

    def growth(self) -> int | None:
        """Bytes between the two halves after the warm-up; None where there are too few samples."""
        warm = self.samples[len(self.samples) // 3 :]
        if len(warm) < ENOUGH:
            return None
        half = len(warm) // 2
        first, second = (statistics.quantiles(part)[0] for part in (warm[:half], warm[half:]))
        return round(second - first)
