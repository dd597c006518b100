"""The guard of the bench: what it makes of the tools' output, and what it lets pass."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from benches.guard import comparison, figures, instructions, report, sections, system_calls
from benches.guard.figures import Figures, Record
from benches.guard.tool import ToolError

ROOT = pathlib.Path(__file__).resolve().parent.parent


def record(
    instructions=1000, total=5000, by_rondel=0, by_python=1, surroundings="here", **system_calls
):
    cost = Figures(
        {"rondel": instructions, "total": total},
        {"rondel": by_rondel, "python": by_python},
        {"epoll_wait": 0.1, "recvfrom": 1, **system_calls},
    )
    return Record("rustc 1.0.0", surroundings, {"a-message": cost})


def found(old, new):
    result = comparison.compare(old, new)
    return [change.figure for change in result.rises], [change.figure for change in result.falls]


def test_what_an_operation_costs_is_the_difference_of_long_and_short():
    # 7 an operation, 100 a section, and something that disturbed two of them
    assert sections.per_operation([170, 240 + 60, 170 + 5, 240], 10) == 7


def test_a_call_that_is_missing_in_a_section_was_made_there_never():
    counted = [{"read": 10}, {"read": 20, "write": 10}, {"read": 10}, {"read": 20, "write": 10}]
    assert sections.each_per_operation(counted, 10) == {"read": 1, "write": 1}


def test_the_same_figures_are_no_change():
    assert found(record(), record()) == ([], [])


@pytest.mark.parametrize("now", [1000, 1030, 970])
def test_up_to_three_percent_pass(now):
    assert found(record(), record(instructions=now)) == ([], [])


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        ({"instructions": 1040}, "instructions, rondel"),
        ({"total": 5200}, "instructions, total"),
        ({"by_rondel": 1}, "allocations, rondel"),
        ({"by_python": 2}, "allocations, python"),
        ({"recvfrom": 2}, "system calls, recvfrom"),
        ({"epoll_wait": 0.2}, "system calls, epoll_wait"),
        ({"epoll_ctl": 1}, "system calls, epoll_ctl"),
    ],
)
def test_what_rises_is_named_and_what_falls_too(change, figure):
    assert found(record(), record(**change)) == ([figure], [])
    assert found(record(**change), record()) == ([], [figure])


def test_the_whole_process_is_compared_on_the_same_interpreter_alone():
    elsewhere = record(instructions=2000, total=9000, surroundings="elsewhere")
    assert found(record(), elsewhere) == (["instructions, rondel"], [])
    said = "\n".join(report.verdict(comparison.compare(record(), elsewhere), record(), elsewhere))
    assert "recorded on here" in said
    assert "elsewhere" in said


def test_a_rise_is_told_with_its_size_and_with_what_to_do():
    old, new = record(), record(sendto=1, instructions=1100)
    said = [*report.verdict(comparison.compare(old, new), old, new)]
    assert "ROSE: a-message: instructions, rondel: 1000 before, now 1100 (+10.0 %)" in said
    assert "ROSE: a-message: system calls, sendto: none before, now 1" in said
    assert "make bench-guard ARGS=--accept" in said[-1]


def test_a_scenario_without_figures_is_named():
    assert comparison.compare(Record("", "", {}), record()).unknown == ["a-message"]


def test_figures_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "folder" / "figures.json"
    figures.save(path, record(sendto=1))
    assert figures.load(path) == record(sendto=1)
    assert figures.load(tmp_path / "none") is None


@pytest.mark.parametrize("text", ["", "{}", '{"scenarios": {"a": 1}}'])
def test_a_broken_file_of_figures_is_named(tmp_path, text):
    path = tmp_path / "figures.json"
    path.write_text(text)
    with pytest.raises(ToolError, match=re.escape(str(path))):
        figures.load(path)


CALLGRIND = """\
ob=/lib/a.so
fl=???
fn=one
0 5
cob=/lib/b.so
cfn=two
calls=3 0
0 1000
0 7

ob=/lib/b.so
fn=two
fi=inlined.rs
0 30
fe=???
0 1

totals: 43
"""


def test_instructions_count_where_they_are_executed():
    counted = instructions.costs(CALLGRIND.splitlines())
    assert counted == {("/lib/a.so", "one"): 12, ("/lib/b.so", "two"): 31}


def test_the_total_is_without_the_allocator_of_the_c_library():
    counted = {
        ("/lib/libc.so.6", "_int_malloc"): 1,
        ("/lib/libc.so.6", "unlink_chunk.isra.0"): 2,
        ("/lib/libc.so.6", "cfree@GLIBC_2.2.5"): 4,
        ("/lib/libc.so.6", "__memcpy_avx_unaligned_erms"): 8,
        ("/lib/libpython3.13.so.1.0", "malloc_of_its_own"): 16,
    }
    assert instructions.total(counted) == 24


STRACE = """\
10 epoll_ctl(4, EPOLL_CTL_ADD, 900, {events=EPOLLIN}) = 0
10 write(-1, "rondel-guard-mark", 17) = -1 EBADF (Bad file descriptor)
10 sendto(900, "x", 1, 0, NULL, 0) = 1
10 poll([{fd=900, events=POLLIN}], 1, 10000) = 1
10 epoll_wait(4,  <unfinished ...>
11 futex(0x7f, FUTEX_WAKE_PRIVATE, 1) = 1
10 <... epoll_wait resumed>[{events=EPOLLIN}], 1024, -1) = 1
10 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 7
10 write(-1, "rondel-guard-mark", 17) = -1 EBADF (Bad file descriptor)
10 recvfrom(7, "x", 65536, 0, NULL, NULL) = 1
10 write(-1, "rondel-guard-mark", 17) = -1 EBADF (Bad file descriptor)
10 close(7) = 0
10 +++ exited with 0 +++
"""


def test_system_calls_count_between_marks_without_those_of_peers():
    assert system_calls.calls(STRACE.splitlines()) == [
        {"epoll_wait": 1, "futex": 1, "socket": 1},
        {"recvfrom": 1},
    ]


counts = pytest.mark.skipif(
    not (shutil.which("valgrind") and shutil.which("strace")), reason="no valgrind or no strace"
)


def guard(*arguments):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-m", "benches.guard", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@counts
@pytest.mark.timeout(300)  # valgrind on a busy machine
def test_a_figure_that_is_higher_than_its_record_fails_and_no_other(tmp_path):
    path = tmp_path / "figures.json"
    options = ("--only", "call_soon-chain", "--figures", path)
    accepted = guard(*options, "--accept")
    assert accepted.returncode == 0, accepted.stderr
    document = json.loads(path.read_text())
    chain = document["scenarios"]["call_soon-chain"]
    assert chain["allocations"] == {"rondel": 0, "python": 0}
    chain["instructions"]["rondel"] *= 0.96
    path.write_text(json.dumps(document))
    worse = guard(*options)
    assert worse.returncode == 1, worse.stdout + worse.stderr
    rises = [line for line in worse.stdout.splitlines() if line.startswith("ROSE")]
    assert len(rises) == 1
    assert rises[0].startswith("ROSE: call_soon-chain: instructions, rondel: ")


def test_without_figures_it_fails_and_says_how_to_make_them(tmp_path):
    missing = guard("--only", "sleep", "--figures", tmp_path / "none")
    assert missing.returncode == 1
    assert "make bench-guard ARGS=--accept" in missing.stdout


@counts
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(tmp_path):
    wrong = guard("--only", "nonesuch", "--figures", tmp_path / "none", "--accept")
    assert wrong.returncode == 2
    assert "tcp-1k" in wrong.stderr


def test_the_tools_that_are_missing_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    without = guard("--figures", tmp_path / "none", "--accept")
    assert without.returncode == 2
    assert "valgrind is missing" in without.stderr
