"""`make conformance` can fail, both ways; no entry of its registry goes without a reason."""

import pytest

from conformance import registry
from conformance.registry import Entry, RegistryError, Results

ENTRY = Entry("cpython", ("test_a.*.test_x",), "private", "looks at _y")


def results(**parts):
    return Results("cpython", "3.13", **({"modules": {"test_a"}} | parts))


def write(tmp_path, **fields):
    lines = [f"{name} = {value!r}" for name, value in fields.items()]
    file = tmp_path / "differences.toml"
    file.write_text("\n".join(["[[difference]]", *lines]))
    return file


def complete(**changes):
    fields = {"suite": "uvloop", "tests": ["test_a.B.test_c"], "kind": "better", "reason": "why"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def test_a_listed_difference_is_no_problem():
    assert registry.check([ENTRY], results(differing={"test_a.B.test_x"})) == []


def test_a_difference_that_is_not_listed_is_a_problem():
    problems = registry.check([ENTRY], results(differing={"test_a.B.test_x", "test_a.B.test_z"}))
    assert problems == ["not listed: test_a.B.test_z"]


def test_a_listed_difference_that_is_gone_is_a_problem():
    problems = registry.check([ENTRY], results())
    assert problems == ["listed, but gone: test_a.*.test_x"]


def test_a_pattern_that_covers_a_passing_test_is_a_problem():
    problems = registry.check(
        [ENTRY], results(differing={"test_a.B.test_x"}, passed={"test_a.C.test_x"})
    )
    assert problems == ["listed, but passes: test_a.C.test_x (test_a.*.test_x)"]


def test_each_pattern_of_an_entry_must_differ():
    entry = Entry("cpython", ("test_a.B.test_x", "test_a.B.test_y"), "private", "why")
    problems = registry.check([entry], results(differing={"test_a.B.test_x"}))
    assert problems == ["listed, but gone: test_a.B.test_y"]


def test_an_entry_counts_for_its_own_suite_and_pythons_alone():
    elsewhere = [
        Entry("uvloop", ("test_a.B.test_x",), "private", "why"),
        Entry("cpython", ("test_a.B.test_x",), "private", "why", ("3.11",)),
    ]
    problems = registry.check(elsewhere, results(differing={"test_a.B.test_x"}))
    assert problems == ["not listed: test_a.B.test_x"]


def test_an_entry_of_a_module_that_did_not_run_is_not_judged():
    assert registry.check([ENTRY], results(modules={"test_b"})) == []


def test_an_entry_is_read_whole(tmp_path):
    file = write(tmp_path, **complete(pythons=["3.12"]))
    assert registry.load(file) == [
        Entry("uvloop", ("test_a.B.test_c",), "better", "why", ("3.12",))
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"reason": None}, "needs a reason"),
        ({"reason": "  "}, "needs a reason"),
        ({"tests": None}, "needs a list of tests"),
        ({"tests": []}, "needs a list of tests"),
        ({"tests": "test_a"}, "needs a list of tests"),
        ({"kind": "whim"}, "kind is one of private, better, platform"),
        ({"suite": "trio"}, "suite is one of cpython, uvloop"),
        ({"pythons": ["2.7"]}, "pythons is a list of some of"),
        ({"pythons": []}, "pythons is a list of some of"),
        ({"since": "1.0"}, "unknown: since"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(tmp_path, changes, complaint):
    with pytest.raises(RegistryError, match=complaint):
        registry.load(write(tmp_path, **complete(**changes)))


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    file = tmp_path / "differences.toml"
    file.write_text("[[difference")
    with pytest.raises(RegistryError, match=r"differences\.toml"):
        registry.load(file)


def test_the_registry_itself_is_sound_and_short():
    assert len(registry.load()) < 25
