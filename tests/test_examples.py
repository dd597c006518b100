"""The programs of examples/ run on both loops, print the same, and say clearly what is wrong."""

import contextlib
import functools
import json
import os
import re
import signal
import socket
import subprocess

import pytest
from demo import loops, trial
from demo.catalog import CATALOG, EXAMPLES

# What must be in the output besides being the same on both loops, so that both can't be wrong.
EXPECTED = {
    "scraper": "3000 items, from 1.00 (item 0) to 99.96 (item 1984)",
    "batching": "10000 look-ups, sum of the answers 4803349563",
    "weather-5000": "told 500 times\n5000 answers in",
    "fetch": "25 of 28 URLs fetched, some by a retry: yes",
    "rate-limit": "60 calls, at most 20 in any # s: kept",
    "weather-5": "Cairo: 24 degrees, fog; told 1 times",
    "crawler": "depth 3: 27 pages, 270 items",
    "files": "the ticker went on: yes",
    "offload": "in threads: heartbeat went on",
    "pool": "148933 primes below 2000000",
}


@functools.cache
def printed(name, kind):
    """What an example prints at its small size, with times blanked."""
    example = next(example for example in CATALOG if example.name == name)
    result = trial.run(example, example.quick, kind, check=lambda: None)
    assert result.failure is None
    return result.output


def run(kind, program, *arguments, **options):
    command = [*loops.command(kind), str(EXAMPLES / program), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=50, check=False, **options
    )


@contextlib.contextmanager
def weather_service(kind):
    """A service that measures at once; gives its port."""
    path = EXAMPLES / "weather_service.py"
    command = [*loops.command(kind), str(path), "--port", "0", "--measuring", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            yield service, int(service.stdout.readline().rpartition(":")[2])
        finally:
            service.kill()


@pytest.fixture
def closed_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.parametrize("name", [example.name for example in CATALOG])
def test_prints_the_same_as_on_asyncio(name, loop_kind):
    output = printed(name, loop_kind)
    assert EXPECTED[name] in output
    assert output == printed(name, "asyncio")


def test_every_example_is_in_the_demo():
    used = {example.program for example in CATALOG} | {example.server for example in CATALOG}
    assert used - {None} == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pool_starts_its_workers_in_every_way(method, loop_kind):
    done = run(loop_kind, "process_pool.py", "--below", "1000", "--start-method", method)
    assert done.stderr == ""
    assert done.stdout.startswith("168 primes below 1000")


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        ("weather_client.py", ("--connect", "127.0.0.1:{port}"), "nobody listens at 127.0.0.1:"),
        ("crawler.py", ("http://127.0.0.1:{port}",), "cannot reach the site: "),
        ("scraper.py", ("--site", "http://127.0.0.1:{port}", "--pages", "5"), "5 pages failed"),
    ],
)
def test_says_in_one_line_that_nobody_serves(program, arguments, message, loop_kind, closed_port):
    done = run(loop_kind, program, *(part.format(port=closed_port) for part in arguments))
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("program", ["site.py", "weather_service.py"])
def test_says_in_one_line_that_the_port_is_taken(program, loop_kind):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(loop_kind, program, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert re.fullmatch(r"cannot serve: .*address already in use.*\n", done.stderr)


@pytest.mark.parametrize(
    "request_line",
    [b"x", b"[]", b'{"city": 3}', b'{"city": "Nowhere"}', b"\xff", b"[" * 900, b"x" * 1100],
    ids=lambda line: line[:20].decode(errors="replace"),
)
def test_weather_service_refuses_what_it_cannot_answer(request_line, loop_kind):
    with (
        weather_service(loop_kind) as (_, port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
        client.makefile("rwb") as lines,
    ):
        assert "Oslo" in json.loads(lines.readline())["stations"]
        lines.write(request_line + b"\n")
        lines.flush()
        assert list(json.loads(lines.readline())) == ["error"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as other:
            other.sendall(b'{"city": "Oslo"}\n')
            answers = other.makefile("rb")
            answers.readline()
            assert json.loads(answers.readline())["city"] == "Oslo"
            answers.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_weather_service_ends_cleanly_with_a_client_connected(number, loop_kind):
    with (
        weather_service(loop_kind) as (service, port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.recv(1)
        service.send_signal(number)
        assert service.wait(20) == 0
        assert service.stdout.read() == "0 answers to 1 clients\n"


def test_weather_client_uses_as_many_descriptors_as_there_are(loop_kind):
    client = [*loops.command(loop_kind), str(EXAMPLES / "weather_client.py"), "--clients", "500"]
    with weather_service(loop_kind) as (_, port):
        limited = ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh", *client]
        done = subprocess.run(
            [*limited, "--connect", f"127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            env=os.environ,
        )
    assert done.stderr == ""
    assert "note: only 36 clients fit" in done.stdout
    assert "`ulimit -n 564`" in done.stdout
    assert "36 answers in" in done.stdout
