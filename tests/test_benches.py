"""The bench: what its tables say of the samples, and that it runs from end to end."""

import os
import statistics
import sys

import pytest
from benches import cores
from benches.model import (
    Case,
    Failure,
    MeasureError,
    Row,
    Table,
    Unit,
    amount,
    duration,
    leftover,
    rate,
)
from benches.process import Process
from benches.report import comparison, markdown, readme
from benches.samples import Ratio, ratio
from benches.units import written

from support.benches import ROOT, bench, cells


def row(figure, **samples):
    return Row(Case("a case", (figure,), headline="what it is"), figure, samples)


def table(*rows, failures=None, limits=()):
    return Table("Title", "About.", tuple(rows[0].samples), list(rows), failures or {}, limits)


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
    middle = statistics.median(samples)
    assert [*shown.values()] == [middle, 1.0, 3.0, middle, 3.0]


def test_one_failure_is_borne_and_two_leave_no_figure():
    measured = table(
        row(rate(), asyncio=[1.0, 2.0, 1.0], once=[3.0, None, 3.0], rondel=[5.0, None, None]),
        failures={
            ("a case", "once"): Failure("hung", "nothing heard"),
            ("a case", "rondel"): Failure("crashed", "SIGSEGV", 2),
        },
    )
    shown = cells(comparison.full(measured))
    assert shown[2] == ["a case", "1.00", "3.00", "crashed", ""]
    assert comparison.failures(measured) == [
        "- hung once: once: nothing heard",
        "- crashed: rondel: SIGSEGV",
    ]


def test_failures_name_their_cases_where_others_went_well():
    other = Row(Case("another", (rate(),)), rate(), {"rondel": [1.0]})
    measured = table(
        row(rate(), rondel=[None]), other, failures={("a case", "rondel"): Failure("failed", "no")}
    )
    assert comparison.failures(measured) == ["- failed once: a case: rondel: no"]


def test_the_best_peer_is_the_one_with_the_best_median_and_no_limit():
    samples = {
        "lucky": [99.0, 2.0, 2.0],
        "steady": [4.0, 4.0, 4.0],
        "rondel": [4.4, 2.0, 4.0],
        "limit": [8.0, 8.0, 8.0],
    }
    measured = table(row(rate(), **samples), limits=("limit",))
    shown = cells(comparison.full(measured))
    assert shown[0][-2:] == ["rondel / best peer", "rondel / limit"]
    assert shown[2][-2:] == ["1.00 (0.50 to 1.10) steady", "0.50"]


@pytest.mark.parametrize(
    ("figure", "mine", "behind"),
    [
        (rate(), 9.8, False),
        (rate(), 9.6, True),
        (duration(), 10.2, False),
        (duration(), 10.4, True),
        (amount("", Unit.BYTES), 9.0, False),
    ],
)
def test_what_is_behind_is_marked(figure, mine, behind):
    measured = table(row(figure, peer=[10.0], rondel=[mine]))
    assert comparison.standing(measured.rows[0], measured).behind is behind
    assert (comparison.BEHIND in comparison.full(measured)) is behind
    assert (comparison.BEHIND in comparison.short([measured])) is behind


def test_a_table_with_groups_is_several_with_labels_for_rows():
    def one(group, label):
        case = Case(f"{group}, {label}", (rate(),), group=group, label=label)
        return Row(case, rate(), {"asyncio": [1.0], "rondel": [1.0]})

    text = comparison.full(table(one("a", "x"), one("a", "y"), one("b", "x")))
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert [name for name in names if name and "-" not in name] == ["x", "y", "x"]
    assert [line for line in text.splitlines() if line.startswith("**")] == ["**a**", "**b**"]


def test_the_short_table_has_headlines_alone_and_names_the_best_peer():
    first = row(rate(), asyncio=[1.0], quick=[4.0], rondel=[2.0], limit=[4.0])
    other = Row(Case("no headline", (rate(),)), rate(), first.samples)
    uncompared = row(leftover("left"), asyncio=[0.0], quick=[0.0], rondel=[0.0], limit=[0.0])
    shown = cells(comparison.short([table(first, other, uncompared, limits=("limit",))]))
    assert shown[0] == ["", "asyncio", "uvloop", "best peer", "rondel", "rondel / best peer"]
    assert shown[2:] == [["what it is", "1.00", "", "4.00 quick", "2.00", "▼ 0.50"]]


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


def test_writes_its_report_where_it_is_told(tmp_path):
    project = (ROOT / "README.md").read_text()
    wish = ("--only", "startup", "--only", "echo/protocol, 1 KB, 10 ", "--quick")
    done = bench(*wish, "--loops", "asyncio,rondel", "--output", str(tmp_path / "new"))
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "new" / "performance.md").read_text()
    assert "rondel / best peer" in page
    sections = "How to read it", "Where rondel stands", "TCP echo", "Start-up", "What was tried"
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [*sections]
    written_readme = (tmp_path / "new" / "README.md").read_text()
    assert "| TCP echo, protocol, 1 KB, 10 connections |" in written_readme
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
