"""When, on what and with what a section was measured: they may come from several runs."""

from collections.abc import Sequence

from benches.model import Measurement

# Each section says these of itself.
OF_A_SECTION = ("Commit", "Measured", "Load before")


def common(measurements: Sequence[Measurement]) -> dict[str, str]:
    """The facts that hold for all of them."""
    if not measurements:
        return {}
    first, *others = measurements
    return {
        name: fact
        for name, fact in first.facts.items()
        if name not in OF_A_SECTION and all(each.facts.get(name) == fact for each in others)
    }


def own(measurement: Measurement, shared: dict[str, str]) -> str:
    """What a section says of itself: its commit and date, and the facts that are its own."""
    facts = measurement.facts
    said = [f"commit {facts.get('Commit')}", f"{facts.get('Measured')}"]
    said += [f"load before: {facts.get('Load before')}", f"{measurement.rounds} rounds"]
    others = [
        f"{name}: {fact}"
        for name, fact in facts.items()
        if name not in shared and name not in OF_A_SECTION
    ]
    quick = ["quick: proves nothing"] * measurement.quick
    return "; ".join([", ".join([*said, *quick]), *others])


def span(measurements: Sequence[Measurement], name: str) -> str:
    """The least and the greatest of a fact, such as a date."""
    values = sorted({each.facts.get(name, "") for each in measurements})
    return " to ".join(dict.fromkeys((values[0], values[-1]))) if values else "never"
