"""docs/methods.md is whole, and each of its cells is true."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from method_table import page, recorder, surface

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def cells():
    return page.read(page.FILE.read_text())


@pytest.fixture(scope="module")
def of_this_python(cells):
    if PYTHON not in page.PYTHONS:
        pytest.skip(f"the table is about {', '.join(page.PYTHONS)}")
    return {row: tests[PYTHON] for row, tests in cells.items() if PYTHON in tests}


def test_no_cell_is_empty(cells):
    empty = [(row, python) for row in cells for python, test in cells[row].items() if not test]
    assert empty == []


def test_every_argument_of_every_method_has_a_row(of_this_python):
    assert set(of_this_python) == set(surface.rows()), "`make methods` writes the table anew"


def test_the_page_is_as_it_is_written(cells):
    assert page.FILE.read_text() == page.render(cells)


def test_reading_gives_back_what_was_written():
    row = surface.Row("AbstractEventLoop", "call_soon", "callback")
    cells = {
        row: {"3.11": "test_a::test_b", "3.12": "", "3.13": "test_a::test_c"},
        row._replace(argument=""): {"3.13": "test_a::test_d"},
    }
    assert page.read(page.render(cells)) == cells


def record(folder, tests):
    """Run tests on rondel, with every call written down."""
    environment = os.environ | {"RONDEL_TEST_ONLY": "rondel", "PYTHONPATH": str(TESTS)}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] += os.pathsep + os.environ["PYTHONPATH"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "method_table.recorder"]
    command += ["-p", "no:cacheprovider", "--record-calls", str(folder), *tests]
    done = subprocess.run(
        command, cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    found = page.Record(PYTHON)
    for file in folder.glob("*.json"):
        found.add(json.loads(file.read_text()))
    return found


def test_an_argument_counts_with_another_value_than_its_default():
    def method(self, callback, *args, flags=0, context=None, **options):
        pass

    def used(*args, **kwargs):
        return recorder.used_arguments(inspect.signature(method), (None, *args), kwargs)

    assert used(print) == ["callback"]
    assert used(print, 1, flags=0) == ["callback", "*args"]
    assert used(print, flags=1, context=None, umask=2) == ["callback", "flags", "umask"]
    with pytest.raises(TypeError):
        used()


def test_a_call_counts_where_a_test_asks_for_the_method():
    here = sys._getframe()
    assert recorder.called_by_a_test("_getframe", here)
    assert not recorder.called_by_a_test("call_soon", here), "asked for by C code, beneath a test"
    assert not recorder.called_by_a_test("run", here.f_back), "asked for by other code than a test"


@pytest.mark.timeout(300)
def test_each_cell_is_true(of_this_python, tmp_path):
    named = {f"tests/{test.replace('::', '.py::')}" for test in of_this_python.values()}
    found = record(tmp_path, sorted(named))
    untrue = [
        (row, test)
        for row, test in of_this_python.items()
        if test not in found.tests.get(row, set())
    ]
    assert untrue == []
