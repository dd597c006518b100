"""The bench: the order of its samples, and that what was measured is kept and rendered."""

import collections
import contextlib
from typing import ClassVar

import pytest
from benches import run
from benches.families import base
from benches.model import Case, Failure, MeasureError, rate
from benches.report import comparison, performance
from benches.session import Circumstances, Session, begin, number_of_samples
from benches.store import Store, StoreError, alike
from benches.target import Target

from support.benches import bench, cells


class Silence:
    def begin(self, what):
        pass

    def end(self, what, result):
        pass


class FakeFamily:
    """Notes in which order it is asked. `broken` fails at everything."""

    name = "fake"
    title = "Fake"
    about = "About."
    candidates = ("asyncio", "broken", "rondel")
    limits = ()
    few = 0
    cases = (Case("one", (rate(),)), Case("two", (rate(),)))

    def __init__(self, rounds=2):
        self.asked = []
        self.rounds = rounds

    def number_of_rounds(self):
        return self.rounds

    def prepare(self, known):
        return dict(known) or {"prepared": 1.0}

    def notes(self):
        return []

    @contextlib.contextmanager
    def round(self):
        yield {name: FakeParticipant(name, self.asked) for name in self.candidates}


class FakeParticipant(base.Participant):
    def __init__(self, candidate, asked):
        super().__init__(candidate, None, contextlib.ExitStack())
        self.asked = asked

    def measure(self, case):
        self.asked.append((case.name, self.candidate))
        if self.candidate == "broken":
            raise MeasureError("it is broken", "crashed")
        return [float(len(self.asked))]


def measured_by(family, found=None, keep=lambda _: None):
    [measurement] = Session(
        [(family, family.cases)], Silence(), found or Circumstances(), keep
    ).run()
    return measurement


def test_candidates_are_interleaved_and_who_failed_twice_is_left_out():
    family = FakeFamily(rounds=3)
    measured = measured_by(family).table
    assert [candidate for case, candidate in family.asked if case == "one"] == [
        *("asyncio", "broken", "rondel"),
        *("rondel", "broken", "asyncio"),
        *("asyncio", "rondel"),
    ]
    assert measured.rows[0].samples == {
        "asyncio": [1.0, 9.0, 13.0],
        "broken": [None, None, None],
        "rondel": [3.0, 7.0, 14.0],
    }
    assert measured.failures == {
        (case, "broken"): Failure("crashed", "it is broken", 2) for case in ("one", "two")
    }
    assert number_of_samples([(family, family.cases)], {}) == 18


class Paced(FakeFamily):
    """Each candidate has a rate of its own."""

    candidates = ("fast", "slow", "named", "hangs", "limit", "rondel")
    limits = ("limit",)
    few = 2
    cases = (
        Case("short", (rate(),)),
        Case("thorough", (rate(),), thorough=True),
        Case("again", (rate(),), same_as="thorough", target=Target(2.5, "named")),
    )

    def __init__(self):
        super().__init__(rounds=4)

    @contextlib.contextmanager
    def round(self):
        yield {name: PacedParticipant(name, self.asked) for name in self.candidates}


class PacedParticipant(FakeParticipant):
    rates: ClassVar = {"fast": 10.0, "slow": 4.0, "named": 1.0, "limit": 1000.0, "rondel": 100.0}

    def measure(self, case):
        self.asked.append((case.name, self.candidate))
        if self.candidate == "hangs":
            raise MeasureError("nothing heard", "hung")
        return [self.rates[self.candidate]]


def test_most_rounds_are_for_what_is_thorough_and_for_who_is_not_far_behind(tmp_path):
    family = Paced()
    assert number_of_samples([(family, family.cases)], {}) == (2 + 4) * 6
    store = Store(tmp_path)
    measured = measured_by(family, keep=store.keep)
    counts = collections.Counter(family.asked)
    assert {name: counts["short", name] for name in family.candidates} == {
        "hangs": 1,
        **dict.fromkeys(("fast", "slow", "named", "limit", "rondel"), 2),
    }
    assert {name: counts["thorough", name] for name in family.candidates} == {
        "hangs": 1,
        "slow": 2,
        **dict.fromkeys(("fast", "named", "limit", "rondel"), 4),
    }
    assert not any(case == "again" for case, _ in family.asked)
    short, thorough, again = measured.table.rows
    assert again.samples == thorough.samples
    assert len(thorough.good("rondel")) == 4
    assert comparison.standing(thorough, measured.table).peer == "fast"
    assert comparison.value(again, "hangs", measured.table) == "hung"
    assert comparison.target(again, measured.table) == "2.5 x named: met, 100.00"
    assert comparison.value(short, "slow", measured.table) == "4.00"
    assert store.complete("fake") == measured


def test_a_case_that_is_like_another_is_measured_where_it_is_alone():
    family = Paced()
    family.cases = (Paced.cases[2],)
    measured_by(family)
    assert family.asked.count(("again", "rondel")) == 2


def test_who_is_absent_is_shown_as_such_and_never_asked():
    family = FakeFamily()
    measured = measured_by(family, Circumstances(absent={"broken": "no such module"})).table
    assert not any(candidate == "broken" for _, candidate in family.asked)
    assert comparison.failures(measured) == ["- absent: broken: no such module"]
    assert cells(comparison.full(measured))[2][2] == "absent"


def test_what_is_kept_reads_back_the_same(tmp_path):
    store = Store(tmp_path)
    facts = Circumstances({"Commit": "abc", "Measured": "today"})
    measured = measured_by(FakeFamily(), facts, store.keep)
    assert store.complete("fake") == measured
    assert store.all(["none", "fake"]) == [measured]
    assert store.begun("fake") is None


def test_an_interrupted_measurement_goes_on_after_its_last_round(tmp_path):
    store = Store(tmp_path)

    def keep(measurement):
        store.keep(measurement)
        if measurement.done == 2:
            raise KeyboardInterrupt

    family = FakeFamily(rounds=3)
    with pytest.raises(KeyboardInterrupt):
        measured_by(family, keep=keep)
    assert store.complete("fake") is None
    begun = store.begun("fake")
    assert (begun.done, begun.known) == (2, {"prepared": 1.0})
    again = FakeFamily(rounds=3)
    measured = measured_by(again, Circumstances(begun={"fake": begun}), store.keep)
    assert [case for case, _ in again.asked] == ["one", "one", "two", "two"]
    assert [len(row.good("rondel")) for row in measured.table.rows] == [3, 3]
    assert store.complete("fake") == measured
    assert store.begun("fake") is None


def test_a_measurement_is_taken_up_again_only_of_the_same(tmp_path):
    def fresh(rounds=2, **facts):
        family = FakeFamily(rounds)
        return begin(family, family.cases, Circumstances({"Commit": "a", "Measured": "b", **facts}))

    assert alike(fresh(), fresh(Measured="later"))
    assert not alike(fresh(), fresh(Commit="another"))
    assert not alike(fresh(), fresh(rounds=3))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 0}'])
def test_a_file_that_is_no_measurement_is_named(tmp_path, text):
    (tmp_path / "fake.json").write_text(text)
    with pytest.raises(StoreError, match=r"fake\.json is no measurement"):
        Store(tmp_path).all([])


def test_a_section_says_its_own_commit_and_the_page_what_all_share(tmp_path):
    one = measured_by(FakeFamily(), Circumstances({"Commit": "abc", "System": "Linux"}))
    two = measured_by(FakeFamily(), Circumstances({"Commit": "def", "System": "Linux"}))
    page = performance.document([one, two], [], "### A try\n\nIt did not help.\n")
    assert page.count("System: Linux") == 1
    assert page.index("commit abc") < page.index("commit def") < page.index("## What was tried")
    assert page.endswith("It did not help.\n")


def test_cases_are_chosen_by_the_start_of_their_path():
    family = FakeFamily()

    def chosen(*names):
        return [case.name for _, cases in run.choose([family], names) for case in cases]

    assert chosen() == chosen("fake") == ["one", "two"]
    assert chosen("fake/t") == chosen("nothing", "fake/two") == ["two"]
    with pytest.raises(run.NotReadyError, match="nothing is named one; there are fake"):
        chosen("one")


def test_renders_what_is_kept_without_measuring(tmp_path):
    measured_by(FakeFamily(), keep=Store(tmp_path / "results").keep)
    done = bench("--render", "--output", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "## Fake" in (tmp_path / "performance.md").read_text()
