"""What a row of the bench is to reach: kept with its samples, and computed of them alone."""

import pytest
from benches import micro
from benches.model import Case, Measurement, Row, Table, duration, rate
from benches.report import comparison
from benches.store import Store
from benches.target import BEST, Target, by

from support.benches import cells


def table(target, figure=None, **samples):
    figure = figure or rate()
    case = Case("a case", (figure,), target=target)
    return Table("Title", "About.", tuple(samples), [Row(case, figure, samples)], {})


@pytest.mark.parametrize(
    ("target", "rondel", "said"),
    [
        (BEST, 97.0, "best peer: met"),
        (BEST, 96.0, "▼ best peer: not met, 0.96"),
        (by(1.2), 120.0, "1.2 x best peer: met"),
        (by(1.2), 119.0, "▼ 1.2 x best peer: not met, 1.19"),
        (Target(1.1, "uvloop"), 99.0, "1.1 x uvloop: met, 1.98"),
        (Target(1.1, "uvloop"), 54.0, "▼ 1.1 x uvloop: not met, 1.08"),
    ],
)
def test_a_target_is_met_by_the_median_of_the_ratios(target, rondel, said):
    shown = cells(comparison.full(table(target, uvloop=[50.0], best=[100.0], rondel=[rondel])))
    assert shown[0][-1] == "target"
    assert shown[2][-1] == said


def test_a_target_without_the_one_it_compares_with_is_not_measured():
    of_one = table(Target(1.1, "uvloop"), asyncio=[1.0], rondel=[9.0])
    failed = table(Target(1.1, "uvloop"), uvloop=[None, None], rondel=[9.0, 9.0])
    alone = table(BEST, rondel=[9.0])
    for each in (of_one, failed, alone):
        assert cells(comparison.full(each))[2][-1].endswith(": not measured")


def test_rows_without_a_target_have_no_column_for_it():
    assert "target" not in comparison.full(table(None, uvloop=[1.0], rondel=[1.0]))
    less_is_better = table(BEST, duration("p99"), uvloop=[1.0], rondel=[1.0])
    assert not cells(comparison.full(less_is_better))[2][-1]


def test_a_target_is_kept_with_the_samples(tmp_path):
    store = Store(tmp_path)
    of_one = table(Target(1.1, "uvloop"), uvloop=[50.0], rondel=[60.0])
    store.keep(Measurement("family", of_one, {}, quick=False, rounds=1, done=1))
    assert store.complete("family").table == of_one


def test_every_micro_benchmark_has_a_target():
    assert len(micro.ALL) == 21
    assert all(each.target.factor in {1.0, 1.1, 1.2} for each in micro.ALL.values())
