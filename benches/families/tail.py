"""Tail latency: all loops at one absolute rate."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping

from benches.families import base
from benches.families.echoing import LIMIT, Echoing, rate_of
from benches.model import Case, Figure, MeasureError, Shown, Unit
from benches.units import written

KINDS = "protocol", "streams"
CONNECTIONS = 100
SIZE = 1024
SHARE = 0.7  # of a peak
SLOWEST = "the slowest loop"
USUAL = "uvloop"
PEAKS = SLOWEST, USUAL
QUANTILES = "p50", "p99", "p99.9"


class _Tail(Echoing):
    def __init__(
        self,
        candidate: str,
        bench: base.Bench,
        stack: contextlib.ExitStack,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(candidate, bench, stack)
        self._rates = rates or {}  # by case

    def measure(self, case: Case) -> list[float]:
        kind, _ = case.parameters
        if case.name not in self._rates:
            raise MeasureError("nobody has a peak to take the rate from", "no rate")
        rate = self._rates[case.name]
        seconds = self.bench.settings.tail_seconds
        load = self.bench.load
        result = self.load_on(
            str(kind), "tcp", lambda at: load.open(at, CONNECTIONS, SIZE, seconds, rate)
        )
        if missing := result["unanswered"]:
            raise MeasureError(
                f"{missing} messages unanswered a second after the last was due", "overload"
            )
        return [result[quantile] for quantile in QUANTILES]

    def peak(self, kind: str) -> float:
        """Round trips a second, at most."""
        seconds = self.bench.settings.echo_seconds
        closed = self.bench.load.closed
        with self.awake():
            return rate_of(
                self.load_on(kind, "tcp", lambda at: closed(at, CONNECTIONS, SIZE, seconds))
            )


class Tail(base.Family):
    name = "tail"
    title = "Tail latency"
    about = (
        f"How long an echo of 1 KB takes on an echo server under a load that is the same for all:"
        f" {SHARE:.0%} of the slowest loop's peak, and {SHARE:.0%} of uvloop's, over {CONNECTIONS}"
        " connections. The load is an open loop: messages are due at even distances, whatever"
        " comes back, and a latency counts from when its message was due, so that a server that"
        " stalls can't hide what would have been sent meanwhile (coordinated omission). p99 is what"
        " 99 of 100 messages stay below. `overload` means that a candidate can't keep up."
    )
    rounds = 7
    quick_rounds = 2
    participant = _Tail
    limits = (LIMIT,)

    def __init__(self, bench: base.Bench) -> None:
        super().__init__(bench)
        self._peaks: dict[str, float] = {}  # by kind and loop

    @property
    def cases(self) -> list[Case]:
        figures = tuple(Figure(name, Unit.SECONDS, Shown.MEDIAN) for name in QUANTILES)
        return [
            Case(
                name := f"{kind}, {SHARE:.0%} of {peak}",
                figures,
                (kind, peak),
                headline=f"latency, {name}" if peak == USUAL else "",
            )
            for kind, peak in itertools.product(KINDS, PEAKS)
        ]

    def prepare(self, known: Mapping[str, float]) -> dict[str, float]:
        """The peaks, by kind and loop."""
        self._peaks = dict(known) or self._measured()
        return self._peaks

    def notes(self) -> list[str]:
        notes = []
        for case in self.cases:
            if loop := self._loop(case):
                peak = self._peak(case, loop)
                rate = written(SHARE * peak, Unit.RATE)
                notes.append(
                    f"{case.name}: {rate} messages a second; {loop} reached"
                    f" {written(peak, Unit.RATE)}."
                )
        return notes

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, base.Participant]]:
        loops = {case.name: (case, self._loop(case)) for case in self.cases}
        rates = {
            name: SHARE * self._peak(case, loop) for name, (case, loop) in loops.items() if loop
        }
        with contextlib.ExitStack() as stack:
            yield {name: _Tail(name, self.bench, stack, rates) for name in self.candidates}

    def _loop(self, case: Case) -> str | None:
        """Whose peak a case takes its rate from; None where it has none."""
        kind, whose = case.parameters
        known = [loop for loop in self.bench.settings.loops if f"{kind}/{loop}" in self._peaks]
        if whose == SLOWEST:
            return min(known, key=lambda loop: self._peak(case, loop), default=None)
        return USUAL if USUAL in known else None

    def _peak(self, case: Case, loop: str) -> float:
        return self._peaks[f"{case.parameters[0]}/{loop}"]

    def _measured(self) -> dict[str, float]:
        peaks = {}
        with contextlib.ExitStack() as stack:
            for loop in self.bench.settings.loops:
                participant = _Tail(loop, self.bench, stack)
                for kind in KINDS:
                    # Who fails here fails again where it is measured, and is named there.
                    with contextlib.suppress(MeasureError):
                        peaks[f"{kind}/{loop}"] = participant.peak(kind)
        return peaks
