"""Numbers that programs give as arguments: what is none, or out of range, is told by its name."""

from __future__ import annotations

import math
from typing import Any

#: Beyond it, a number of things is any number.
MOST = 2**31 - 1
#: Beyond it, a number of bytes is none.
_MOST_BYTES = 2**63 - 1


def is_number(value: object) -> bool:
    """Whether ``float`` takes it, text apart."""
    return isinstance(value, (int, float)) or hasattr(type(value), "__float__")


def size(name: str, value: Any) -> int:
    """A number of bytes, or of lines. Of a float, the part before the point.

    Raises TypeError, ValueError.
    """
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} is an int, got {value!r}")
    if not math.isfinite(value) or not 0 <= value <= _MOST_BYTES:
        raise ValueError(f"{name} can't be {value!r}")
    return int(value)


def count(name: str, value: Any, what: str) -> int:
    """A number of ``what``; at most `MOST`. Raises TypeError, ValueError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a number of {what}, got {value!r}")
    if value < 0:
        raise ValueError(f"{name} can't be negative, got {value!r}")
    return min(value, MOST)


def seconds(name: str, value: Any, *, negative: bool = False, finite: bool = False) -> float | None:
    """A time, or None for none. ``negative``: may be below 0; ``finite``: must have an end.

    Raises TypeError, ValueError.
    """
    if value is None:
        return None
    if not is_number(value):
        raise TypeError(f"{name} is a number of seconds or None, got {value!r}")
    if math.isnan(value) or (finite and math.isinf(value)):
        raise ValueError(f"{name} is a number of seconds or None, got {value!r}")
    if value < 0 and not negative:
        raise ValueError(f"{name} can't be negative, got {value!r}")
    return float(value)
