"""How numbers are written: three digits that matter, and the unit."""

from benches.model import Unit

KIB = 1024
MIB = 1024 * KIB


def written(value: float, unit: Unit) -> str:
    """`value`, which is in the unit's own measure, as a reader wants it."""
    if unit is Unit.RATE:
        return _rate(value)
    if unit is Unit.BYTES:
        return _bytes(value)
    if unit is Unit.SECONDS:
        return _seconds(value)
    return f"{value:.0f}"


def _seconds(value: float) -> str:
    if abs(value) >= 1:
        return f"{_digits(value)} s"
    if abs(value) >= 1e-4:
        return f"{_digits(value * 1e3)} ms"
    return f"{_digits(value * 1e6)} µs"


def _rate(value: float) -> str:
    if value >= 1e6:
        return f"{_digits(value / 1e6)}M"
    if value >= 1e3:
        return f"{_digits(value / 1e3)}k"
    return _digits(value)


def _bytes(value: float) -> str:
    if abs(value) >= MIB:
        return f"{_digits(value / MIB)} MiB"
    if abs(value) >= KIB:
        return f"{_digits(value / KIB)} KiB"
    return f"{value:.0f} B"


def _digits(value: float) -> str:
    """Three digits, but never fewer than stand before the point."""
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"
