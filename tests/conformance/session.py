"""A run of many modules: a few at a time, and a second look at what fell short."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from conformance import registry, suites, supervisor
from conformance.registry import Entry, Results
from conformance.suites import Module
from conformance.supervisor import Outcome, Outcomes, Settings

#: More tests of a module than this do not run once more.
AT_ONCE = 10


@dataclass
class ModuleRun:
    """A module that has run."""

    module: Module
    outcomes: Outcomes
    #: What fell short once, and passed when it ran again, by itself.
    unsteady: Outcomes = field(default_factory=dict)
    #: What falls short on asyncio's own loop too.
    shared: Outcomes = field(default_factory=dict)
    seconds: float = 0

    def fell_short(self) -> Outcomes:
        """The tests that rondel fails."""
        return {name: outcome for name, outcome in self.outcomes.items() if outcome.fell_short}

    def differing(self) -> Outcomes:
        """The tests that rondel fails and asyncio passes, or that asyncio is no measure for."""
        return {
            name: outcome for name, outcome in self.fell_short().items() if name not in self.shared
        }


def run(module: Module, settings: Settings, entries: Iterable[Entry]) -> ModuleRun:
    """Run a module; what falls short unlisted runs once more, and then on asyncio's own loop."""
    start = time.monotonic()
    this = ModuleRun(module, supervisor.run(module, "rondel", settings))
    results = Results(module.suite, module.python.minor, {module.name})
    listed = [pattern for entry in entries for pattern in entry.patterns(results)]
    # So many at once are no accident, and hangs take long.
    few = _unlisted(this, listed) if len(_unlisted(this, listed)) <= AT_ONCE else {}
    again = _run_again(module, "rondel", settings, few)
    for name, outcome in again.items():
        if name in this.outcomes and not outcome.fell_short:
            this.unsteady[name] = this.outcomes[name]
            this.outcomes[name] = outcome
    if module.suite == suites.CPYTHON:
        # uvloop's tests ask for uvloop's ways: what they say of asyncio's loop says nothing here.
        on_asyncio = _run_again(module, "asyncio", settings, _unlisted(this, listed))
        this.shared = {name: outcome for name, outcome in on_asyncio.items() if outcome.fell_short}
    this.seconds = time.monotonic() - start
    return this


def _unlisted(this: ModuleRun, listed: list[str]) -> Outcomes:
    return {
        name: outcome
        for name, outcome in this.fell_short().items()
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in listed)
    }


def _run_again(module: Module, loop: str, settings: Settings, short: Outcomes) -> Outcomes:
    names = [name for name in short if not name.endswith((".IMPORT", ".REST"))]
    return supervisor.run(module, loop, settings, names) if names else {}


class Session:
    """All modules of one command."""

    def __init__(self, settings: Settings, jobs: int, entries: list[Entry]) -> None:
        self._settings = settings
        self._entries = entries
        self._jobs = jobs
        self.runs: list[ModuleRun] = []
        self.seconds = 0.0

    def run(self, modules: list[Module]) -> None:
        """Run them, `jobs` at a time, and print a line for each."""
        start = time.monotonic()
        with ThreadPoolExecutor(self._jobs) as pool:
            waiting = [
                pool.submit(run, module, self._settings, self._entries)
                for module in suites.slowest_first(modules)
            ]
            for number, future in enumerate(as_completed(waiting), 1):
                this = future.result()
                self.runs.append(this)
                print(f"[{number}/{len(modules)}] {_line(this)}", flush=True)
                _show(this)
        self.seconds = time.monotonic() - start

    def results(self) -> list[Results]:
        """By suite and Python."""
        found: dict[tuple[str, str], Results] = {}
        for this in self.runs:
            module = this.module
            key = (module.suite, module.python.minor)
            results = found.setdefault(key, Results(*key))
            results.modules.add(module.name)
            results.differing |= this.differing().keys()
            results.passed |= {n for n, o in this.outcomes.items() if o.what == "passed"}
        return [found[key] for key in sorted(found)]

    def problems(self) -> list[str]:
        """What the registry does not say, and what it says in vain."""
        return [
            f"{results.suite}, Python {results.python}: {problem}"
            for results in self.results()
            for problem in registry.check(self._entries, results)
        ]


def _line(this: ModuleRun) -> str:
    module = this.module
    counts = f"{len(this.outcomes)} tests"
    if this.fell_short():
        counts += f", {len(this.fell_short())} fall short"
    return f"{module.suite} {module.python.minor} {module.name}: {counts}, {this.seconds:.0f} s"


def _show(this: ModuleRun) -> None:
    for name, outcome in this.differing().items():
        print(f"    {outcome.what}: {name}: {last_line(outcome)}", flush=True)
    for name, outcome in this.shared.items():
        print(f"    {outcome.what} on asyncio too: {name}: {last_line(outcome)}", flush=True)
    for name, outcome in this.unsteady.items():
        print(f"    {outcome.what}, then passed: {name}: {last_line(outcome)}", flush=True)


def last_line(outcome: Outcome) -> str:
    """What a traceback ends with."""
    lines = outcome.detail.strip().splitlines()
    return lines[-1] if lines else ""
