"""The bench: its plots. They need matplotlib, which the environment of the bench has."""

import pytest
from benches.model import Case, Measurement, Row, Table, duration, rate
from benches.report import performance, picture, plots


def measurement(family, *rows, limits=()):
    made = Table("Title", "About.", tuple(rows[0].samples), list(rows), {}, limits)
    return Measurement(family, made, {}, quick=False, rounds=1, done=1)


def echo():
    samples = {"asyncio": [1e3], "blazio": [None], "rondel": [2e3], "limit": [4e3]}
    case = Case(plots.SHOWN_IN_README[0], (rate(),), group="protocol", label="1 KB, 10 connections")
    return measurement("echo", Row(case, rate(), samples), limits=("limit",))


def tail():
    case = Case("protocol", (duration("p99"),))
    samples = {"asyncio": [0.01], "rondel": [0.001], "limit": [None]}
    return measurement("tail", Row(case, duration("p99"), samples), limits=("limit",))


def test_a_section_shows_its_plot():
    plot = picture.Plot("echo", "echo.svg", "what it shows")
    page = performance.document([echo(), tail()], [plot], "")
    assert page.count("](plots/echo.svg)") == 1
    assert page.index("](plots/echo.svg)") < page.index("| 1 KB, 10 connections")


def test_without_matplotlib_the_project_has_a_reason(monkeypatch):
    monkeypatch.setattr(picture, "possible", lambda: False)
    with pytest.raises(picture.NoPlotsError, match="matplotlib is missing"):
        picture.check()


def test_plots_have_units_and_depend_on_the_figures_alone(tmp_path):
    pytest.importorskip("matplotlib")
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        drawn = plots.draw([echo(), tail()], folder)
    assert [plot.file for plot in drawn] == [plots.README, "echo.svg", "tail.svg"]
    for plot in drawn:
        one, two = ((folder / plot.file).read_text() for folder in folders)
        assert one == two
        assert ("more is better" in one) != ("less is better" in one)
        assert "<dc:date>" not in one


def test_nothing_is_drawn_of_nothing(tmp_path):
    failed = echo()
    for samples in failed.table.rows[0].samples.values():
        samples[:] = [None]
    assert plots.share_of_limit(failed, tmp_path) is None
    assert plots.draw([measurement("other", tail().table.rows[0])], tmp_path) == []
    assert not list(tmp_path.iterdir())
