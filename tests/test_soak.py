"""The soak: it comes to its end on both loops, and fails for each kind of thing that is left."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
from soak.memory import ALLOWED, MIB, Memory

ROOT = pathlib.Path(__file__).resolve().parent.parent


def start(*arguments):
    path = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "soak", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def soak(*arguments):
    with start(*arguments) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_ends_clean(loop_kind, tmp_path):
    report = tmp_path / "report"
    done = soak("--seconds", "3", "--at-once", "20", "--loop", loop_kind, "--json", str(report))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    told = json.loads(report.read_text())
    assert told["loop"] == loop_kind
    assert told["problems"] == []
    assert told["connections"] > 0
    assert f"seed {told['seed']}" in done.stdout
    assert "clean" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("kind", "sign"),
    [
        ("descriptor", "/dev/null"),
        ("task", "a task is left"),
        ("child", "(state Z)"),
        ("thread", "threads are left"),
        ("object", "asyncio.locks.Event are left"),
        ("transport", "unclosed transport"),
        ("error", "ValueError: a mistake of the actor"),
        ("callback", "invalid literal for int()"),
        ("crash", "signal SIGABRT"),
    ],
)
def test_fails_for_what_is_left(loop_kind, kind, sign):
    wish = ("--actors", "support.leaking", "--only", f"leaks a {kind}")
    done = soak(*wish, "--seconds", "0.1", "--at-once", "2", "--loop", loop_kind, "--seed", "7")
    assert done.returncode == 1, done.stdout + done.stderr
    assert sign in done.stderr
    assert "--seed 7" in done.stdout.splitlines()[-1]


def test_a_hang_is_told_of_with_all_stacks(loop_kind):
    wish = ("--actors", "support.leaking", "--only", "leaks a hang", "--patience", "3")
    done = soak(*wish, "--loop", loop_kind, "--seed", "7")
    assert done.returncode == 1
    assert "no sign of life in 3 s" in done.stderr
    assert "leaking.py" in done.stderr
    assert "--seed 7" in done.stdout.splitlines()[-1]


def test_a_signal_ends_it_and_all_that_it_started(loop_kind):
    with start("--seconds", "60", "--at-once", "2", "--loop", loop_kind) as process:
        line = process.stdout.readline()
        while " actors" not in line:
            line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert "ended by SIGINT" in out


@pytest.mark.parametrize(
    ("arguments", "sign"),
    [
        (("--only", "nonsense"), "no actor has 'nonsense' in its name"),
        (("--loop", "no_such_loop"), "no_such_loop"),
        (("--seconds", "-1"), "must be more than 0"),
    ],
)
def test_says_what_is_wrong_with_its_arguments(arguments, sign):
    done = soak(*arguments)
    assert done.returncode == 2
    assert sign in done.stderr
    assert "Traceback" not in done.stderr


def growth(samples):
    memory = Memory()
    memory.samples = list(samples)
    return memory.growth()


def test_memory_that_goes_up_and_down_is_flat():
    assert growth(100 * MIB + second % 10 * MIB for second in range(600)) == 0


def test_memory_that_grows_only_at_first_is_flat():
    assert growth(MIB * min(second, 100) for second in range(600)) == 0


def test_memory_that_grows_all_the_time_is_told_from_one_that_does_not():
    grown = growth(second * MIB // 10 for second in range(600))
    assert grown == pytest.approx(200 * MIB / 10, rel=0.05)
    assert grown > ALLOWED


def test_a_short_run_is_not_judged():
    assert growth([MIB] * 20) is None
