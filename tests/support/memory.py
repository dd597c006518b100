"""How much memory this process comes to hold."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

STATUS = pathlib.Path("/proc/self/status")


def resident(field: str) -> int:
    """Bytes resident now ("VmRSS"), or at most so far ("VmHWM")."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def growth_within(most: int) -> Iterator[None]:
    """While this lasts, no more than so many bytes become resident on top of what is.

    Under the address sanitizer, which holds on to what is freed, that is not looked at.
    """
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        yield
        return
    try:
        # The kernel begins anew to look for the most.
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        before = resident("VmHWM")
    else:
        before = resident("VmRSS")
    yield
    grown = resident("VmHWM") - before
    assert grown <= most, f"{grown >> 20} MiB more, {most >> 20} MiB allowed"
