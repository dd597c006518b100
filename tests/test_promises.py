"""The tests that docs/promises.md names exist, and each line there names some."""

import ast
import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).parent
TABLES = TESTS.parent / "docs" / "promises.md"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def promises():
    """Each line of the tables, without their heads: what it promises, and its tests."""
    for line in TABLES.read_text().splitlines():
        if line.startswith("|") and not re.match(r"\| (---|Defect|Reliance)", line):
            yield line.split("|")[1].strip(), NAMED.findall(line)


PROMISES = list(promises())


def functions_of(file):
    """The names of a file's test functions."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in tree.body if isinstance(node, functions)}


@pytest.mark.parametrize(("promise", "tests"), PROMISES, ids=[p[0][:40] for p in PROMISES])
def test_each_promise_has_tests_that_exist(promise, tests):
    assert tests
    for file, name in tests:
        assert name in functions_of(file), f"{promise}: {file} has no {name}"


def test_the_tables_are_read_whole():
    rows = [line for line in TABLES.read_text().splitlines() if line.startswith("|")]
    heads = sum(line.startswith("| ---") for line in rows)
    assert len(PROMISES) == len(rows) - 2 * heads
    assert len(PROMISES) > 60


@pytest.mark.parametrize("folder", ["defects", "traps"])
def test_each_file_of_theirs_is_named(folder):
    named = {file for _, tests in PROMISES for file, _ in tests}
    files = {str(path.relative_to(TESTS)) for path in (TESTS / folder).glob("test_*.py")}
    assert files - named == set()
