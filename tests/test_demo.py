"""The demo: what it measures, that it never praises a wrong answer, and that it ends cleanly."""

import io
import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid

import pytest
from demo import report, trial
from demo.catalog import ROOT, Bound, Example, Size
from demo.child import Usage
from demo.comparison import Comparison
from demo.trial import Trial
from rich.console import Console

USAGE = Usage(wall=1.0, cpu=0.5, memory=2**20, threads=1)


def example(tmp_path, program, server=None):
    """An example made of the text of a program, and of its server."""
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "server.py").write_text(server or "")
    path = str(tmp_path / "program.py")
    size = Size(("{address}",) if server else ())
    name = str(tmp_path / "server.py") if server else None
    return Example("trial", "a trial", Bound.LOOP, path, size, size, name)


def try_out(tmp_path, program, server=None):
    made = example(tmp_path, program, server)
    return trial.run(made, made.full, "asyncio", check=lambda: None)


def shown(trials):
    """Exit code and text of a report about one example with these trials."""
    made = Example("trial", "a trial", Bound.LOOP, "", Size(()), Size(()))
    text = io.StringIO()
    console = Console(file=text, width=80)
    code = report.show(console, [Comparison(made, trials)], dict.fromkeys(trials, 0.1))
    return code, text.getvalue()


def demo(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        **options,
    )


def processes_with(mark):
    """The command lines of the processes that have `mark` in their environment."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes())
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


def test_measures_memory_threads_and_the_cpu_of_children(tmp_path):
    program = """
import subprocess, sys, threading, time
block = bytearray(b"x") * (50 << 20)
done = threading.Event()
threads = [threading.Thread(target=done.wait) for _ in range(4)]
for thread in threads: thread.start()
subprocess.run([sys.executable, "-c",
                "import time\\nwhile time.process_time() < 0.3: pass"], check=True)
done.set()
"""
    usage = try_out(tmp_path, program).program
    assert usage.wall > 0.3
    assert usage.cpu > 0.3
    assert 50 << 20 < usage.memory < 150 << 20
    assert usage.threads == 5


def test_gives_the_program_the_address_of_its_server(tmp_path):
    server = "import signal; print('there:1', flush=True); signal.pause()"
    stops = server.replace("signal; ", "signal, sys; signal.signal(15, lambda *_: sys.exit()); ")
    result = try_out(tmp_path, "import sys; print('at', sys.argv[1])", stops)
    assert result.failure is None
    assert result.output == "at ADDRESS\nADDRESS\n"
    assert result.server.cpu > 0


def test_a_failure_shows_the_end_of_standard_error(tmp_path):
    program = "import sys\nfor n in range(50): print('line', n, file=sys.stderr)\nsys.exit(3)"
    failure = try_out(tmp_path, program).failure
    assert failure.startswith("exit code 3")
    assert "line 49" in failure
    assert "line 34" not in failure


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("raise SystemExit('no port')", "its server ended"),
        ("import time\nprint('there', flush=True)\ntime.sleep(60)", "its server ended"),
        (
            "import signal, time\nsignal.signal(15, signal.SIG_IGN)\n"
            "print('there', flush=True)\ntime.sleep(60)",
            "still runs",
        ),
    ],
    ids=["ends at once", "dies of the signal", "ignores the signal"],
)
def test_a_server_that_does_not_serve_is_a_failure(tmp_path, monkeypatch, server, reason):
    monkeypatch.setattr(trial, "SERVER_ENDS_WITHIN", 0.2)
    assert reason in try_out(tmp_path, "print('fine')", server).failure


def test_a_program_that_hangs_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "PROGRAM_ENDS_WITHIN", 0.2)
    assert "not done after" in try_out(tmp_path, "import time; time.sleep(60)").failure


def test_nothing_that_a_program_started_outlives_it(tmp_path, monkeypatch):
    mark = f"MARK_{uuid.uuid4().hex}"
    monkeypatch.setenv(mark, "1")
    program = "import subprocess, sys; subprocess.Popen(['sleep', '60'])"
    assert try_out(tmp_path, program).failure is None
    deadline = time.monotonic() + 20
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_with(mark) == []


def test_blanks_times_alone():
    text = "5 answers in 0.50 s, 10 per second, 3 clients, <Task at 0x7f12ab>"
    assert trial.blank(text) == "5 answers in # s, # per second, 3 clients, <Task at 0x#>"


def test_a_wrong_answer_is_not_praised():
    fast = Usage(wall=0.1, cpu=0.1, memory=2**20, threads=1)
    right = [Trial(USAGE, output="4\n")] * 2
    wrong = [Trial(fast, output="4\n"), Trial(fast, output="5\n")]
    code, text = shown({"asyncio": right, "rondel": wrong})
    assert code == 1
    assert "FAILED" in text
    assert "faster" not in text
    assert "-4" in text
    assert "+5" in text


@pytest.mark.parametrize(
    ("asyncio_times", "rondel_times", "says"),
    [
        ([2.0, 3.0], [1.0, 1.5], "2.0x faster"),
        ([1.0, 1.5], [2.0, 3.0], "2.0x slower"),
        ([1.0, 1.1], [1.05, 1.0], "same"),
        ([2.0, 1.0], [1.5, 0.8], "1.2x faster"),
        ([2.0, 1.0], [0.8, 1.5], "same"),
        ([2.0], [1.0], "one run"),
    ],
)
def test_calls_faster_only_what_was_faster_every_time(asyncio_times, rondel_times, says):
    def trials(times):
        return [Trial(Usage(wall, wall, 2**20, 1), output="4") for wall in times]

    code, text = shown({"asyncio": trials(asyncio_times), "rondel": trials(rondel_times)})
    assert code == 0
    assert says in text


def test_notes_of_programs_are_repeated_below_the_table():
    trials = [Trial(USAGE, notes=("note: only 36 clients fit",))]
    assert shown({"asyncio": trials})[1].count("note: only 36 clients fit") == 1


def test_prints_plain_lines_where_there_is_no_terminal():
    done = demo("--quick", "--only", "rate-limit", "--loops", "asyncio")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "[1/1] rate limit by time on asyncio: " in done.stdout
    assert "rate limit by time    asyncio" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "nonsense"), "no example is called 'nonsense'; there are scraper, batching"),
        (("--loops", "no_such_loop"), "No module named 'no_such_loop'"),
        (("--loops", "json"), "programs do not run on json here"),
        (("--loops", ","), "--loops needs the name of a loop"),
    ],
)
def test_says_what_is_wrong_with_its_arguments(arguments, message):
    done = demo(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_all_that_it_started(number):
    mark = f"MARK_{uuid.uuid4().hex}"
    command = [sys.executable, "-m", "demo", "--only", "weather-5000", "--loops", "asyncio"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, mark: "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        deadline = time.monotonic() + 40
        while not any(b"weather_client" in line for line in processes_with(mark)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        running.send_signal(number)
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 128 + number
    assert errors == f"ended by {number.name}; nothing is left running\n"
    assert processes_with(mark) == []
