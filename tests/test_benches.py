"""The bench: what its tables say of the samples, and that it runs from end to end."""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys

import pytest
from benches import cores, run
from benches.model import Case, MeasureError, Row, Table, Unit, amount, duration, leftover, rate
from benches.process import Process
from benches.report import comparison, markdown, readme
from benches.samples import Ratio, ratio
from benches.session import Session, number_of_samples
from benches.units import written

ROOT = pathlib.Path(__file__).resolve().parent.parent


def row(figure, **samples):
    return Row(Case("a case", (figure,), headline="what it is"), figure, samples)


def table(*rows, failures=None):
    return Table("Title", "About.", tuple(rows[0].samples), list(rows), failures or {})


def cells(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_ratio_is_the_median_of_pairs_not_the_ratio_of_the_best():
    slow_and_fast_days = [1.0, 10.0, 100.0], [2.0, 5.0, 100.0]
    assert ratio(*slow_and_fast_days) == Ratio(1.0, 0.5, 2.0)


def test_ratio_leaves_out_rounds_that_failed():
    assert ratio([None, 6.0, 8.0], [1.0, 2.0, None]) == Ratio(3.0, 3.0, 3.0)
    assert ratio([None], [1.0]) is None
    assert ratio([1.0], [0.0]) is None


def test_each_figure_shows_the_sample_that_stands_for_it():
    samples = [3.0, 1.0, 2.5]
    shown = {
        figure: row(figure, rondel=samples).value("rondel")
        for figure in (
            rate("r"),
            duration("d"),
            duration("w", worst=True),
            amount("a", Unit.BYTES),
            leftover("l"),
        )
    }
    assert [*shown.values()] == [3.0, 1.0, 3.0, statistics.median(samples), 3.0]


def test_a_candidate_that_failed_once_has_no_figure():
    shown = cells(comparison.full(table(row(rate(), asyncio=[1.0, 2.0], rondel=[5.0, None]))))
    assert shown[0] == ["", "asyncio", "rondel", "rondel / asyncio"]
    assert shown[2] == ["a case", "2.00", "failed", "5.00"]


def test_failures_are_told_with_their_reason():
    measured = table(
        row(rate(), asyncio=[1.0], rondel=[None]), failures={("a case", "rondel"): "no luck"}
    )
    assert comparison.failures(measured) == ["- failed: a case, rondel: no luck"]


def test_the_full_table_has_ratios_to_everyone_with_their_spread():
    measured = row(rate(), asyncio=[1.0, 2.0], rondel=[4.0, 4.0], limit=[4.0, 8.0])
    shown = cells(comparison.full(table(measured)))
    assert shown[0][-2:] == ["rondel / asyncio", "rondel / limit"]
    assert shown[2][-2:] == ["3.00 (2.00 to 4.00)", "0.75 (0.50 to 1.00)"]


def test_the_short_table_has_headlines_and_loops_alone():
    first = row(rate(), asyncio=[1.0], rondel=[2.0], limit=[4.0])
    other = Row(Case("no headline", (rate(),)), rate(), first.samples)
    uncompared = row(leftover("left"), asyncio=[0.0], rondel=[0.0], limit=[0.0])
    shown = cells(comparison.short([table(first, other, uncompared)], ("asyncio", "rondel")))
    assert shown[0] == ["", "asyncio", "rondel", "rondel / asyncio"]
    assert shown[2:] == [["what it is", "1.00", "2.00", "2.00"]]


def test_markdown_columns_line_up():
    lines = markdown.table(["", "long head"], [["a|b", "1"]]).splitlines()
    assert lines == ["|      | long head |", "| ---- | --------: |", "| a\\|b |         1 |"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.34, Unit.RATE, "12.3"),
        (161_400, Unit.RATE, "161k"),
        (1_803_000, Unit.RATE, "1.80M"),
        (868, Unit.BYTES, "868 B"),
        (3185, Unit.BYTES, "3.11 KiB"),
        (23 << 20, Unit.BYTES, "23.0 MiB"),
        (0.0123, Unit.SECONDS, "12.3 ms"),
        (1.5, Unit.SECONDS, "1.50 s"),
        (0, Unit.COUNT, "0"),
    ],
)
def test_numbers_are_written_with_three_digits(value, unit, text):
    assert written(value, unit) == text


def test_the_readme_changes_between_its_marks_alone():
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    renewed = f"before\n{readme.BEGIN}\nnew\n{readme.END}\nafter\n"
    assert readme.with_table(text, "new") == renewed
    assert readme.with_table(renewed, "new") == renewed


@pytest.mark.parametrize(
    "text", ["", readme.BEGIN, f"{readme.END} {readme.BEGIN}", f"{readme.BEGIN}{readme.END}" * 2]
)
def test_a_readme_without_its_marks_is_refused(text):
    with pytest.raises(readme.MarksError, match="bench:begin"):
        readme.with_table(text, "new")


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
    cases = (Case("one", (rate(),)), Case("two", (rate(),)))

    def __init__(self):
        self.asked = []

    def number_of_rounds(self):
        return 2

    @contextlib.contextmanager
    def round(self):
        yield {name: FakeParticipant(name, self.asked) for name in self.candidates}


class FakeParticipant:
    def __init__(self, candidate, asked):
        self.candidate = candidate
        self.asked = asked

    def measure(self, case):
        self.asked.append((case.name, self.candidate))
        if self.candidate == "broken":
            raise MeasureError("it is broken")
        return [float(len(self.asked))]


def test_candidates_are_interleaved_and_a_failure_is_not_repeated():
    family = FakeFamily()
    [measured] = Session([(family, family.cases)], Silence()).run()
    assert [candidate for case, candidate in family.asked if case == "one"] == [
        *("asyncio", "broken", "rondel"),
        *("rondel", "asyncio"),
    ]
    assert measured.rows[0].samples == {
        "asyncio": [1.0, 8.0],
        "broken": [None, None],
        "rondel": [3.0, 7.0],
    }
    assert set(measured.failures) == {("one", "broken"), ("two", "broken")}
    assert number_of_samples([(family, family.cases)]) == 12


def test_cases_are_chosen_by_the_start_of_their_path():
    family = FakeFamily()

    def chosen(*names):
        return [case.name for _, cases in run.choose([family], names) for case in cases]

    assert chosen() == chosen("fake") == ["one", "two"]
    assert chosen("fake/t") == chosen("nothing", "fake/two") == ["two"]
    with pytest.raises(run.NotReadyError, match="nothing is named one; there are fake"):
        chosen("one")


def python(code, **options):
    return Process([sys.executable, "-c", code], **options)


def test_a_process_is_talked_to_by_lines():
    with python("print(input()); print(input())") as process:
        process.say("one\ntwo")
        assert [process.line(20), process.line(20)] == ["one", "two"]


def test_a_process_that_ends_says_why():
    with python("raise ValueError('of no use')") as process:
        with pytest.raises(MeasureError, match="ended with code 1: ValueError: of no use"):
            process.line(20)
        assert process.ends(20)


def test_a_process_is_gone_after_its_block():
    with python("import os; print(os.getpid()); input()") as process:
        pid = int(process.line(20))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_stays_on_its_core():
    core = cores.choose().server
    before = os.sched_getaffinity(0)
    with python("import os; print(*os.sched_getaffinity(0))", core=core) as process:
        assert process.line(20) == str(core)
    assert os.sched_getaffinity(0) == before


def bench(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benches", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_writes_its_report_where_it_is_told(tmp_path):
    project = (ROOT / "README.md").read_text()
    wish = ("--only", "startup", "--only", "echo/protocol, 1 KB", "--quick")
    done = bench(*wish, "--loops", "asyncio,rondel", "--output", str(tmp_path / "new"))
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "new" / "performance.md").read_text()
    assert "rondel / asyncio" in page
    assert page.count("\n## ") == 3
    written_readme = (tmp_path / "new" / "README.md").read_text()
    assert "| TCP echo, protocol, 1 KB |" in written_readme
    assert written_readme.partition(readme.BEGIN)[0] == project.partition(readme.BEGIN)[0]
    assert (ROOT / "README.md").read_text() == project


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--loops", "no_such_loop"], "no program runs on no_such_loop here"),
        (["--only", "nonsense"], "nothing is named nonsense; there are echo, "),
        (["--output", __file__], "can't write the report"),
        (["--loops", ","], "needs the name of a loop"),
    ],
)
def test_what_can_not_begin_says_so(arguments, problem):
    done = bench("--quick", *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
