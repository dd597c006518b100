"""The bench's servers and databases: what it reads of wrk, and what it says of what is missing."""

import shutil

import pytest
from benches.families import databases, servers
from benches.model import MeasureError

from downstream import postgres_server, redis_server
from support.benches import bench

WRK = """\
Running 1s test @ http://127.0.0.1:8000/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.28ms    1.86ms  41.22ms   97.52%
    Req/Sec    15.68k     1.36k   17.83k    80.00%
  Latency Distribution
     50%    3.11ms
     75%    3.34ms
     90%    3.71ms
     99%    7.76ms
  15624 requests in 1.00s, 2.10MB read
{}Requests/sec:  15612.09
Transfer/sec:      2.10MB
"""


@pytest.mark.parametrize(
    ("printed", "seconds"), [("7.76ms", 7.76e-3), ("850.00us", 850e-6), ("1.20s", 1.2)]
)
def test_reads_rate_and_tail_of_wrk(printed, seconds):
    said = WRK.format("").replace("7.76ms", printed)
    assert servers.read(said) == [15612.09, pytest.approx(seconds)]


@pytest.mark.parametrize(
    "complaint",
    ["  Socket errors: connect 0, read 3, write 0, timeout 0\n", "  Non-2xx or 3xx responses: 7\n"],
)
def test_requests_that_failed_are_no_figure(complaint):
    with pytest.raises(MeasureError, match=complaint.strip()):
        servers.read(WRK.format(complaint))


def test_no_answer_is_no_figure():
    with pytest.raises(MeasureError, match="no request was answered"):
        servers.read(WRK.format("").replace("15612.09", "0.00"))


def test_says_that_wrk_is_missing_and_how_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "apt install wrk" in servers.Servers(None).lacks()


def test_a_missing_database_stands_in_the_table(monkeypatch):
    for server in (postgres_server, redis_server):
        monkeypatch.setattr(server, "find", lambda: None)
    with databases.servers() as addresses:
        pass
    client = databases._Client.__new__(databases._Client)
    client.addresses = addresses
    [case] = [case for case in databases.Databases(None).cases if case.label == "GET, 1 task"]
    with pytest.raises(MeasureError, match="no Redis server here: install it") as missing:
        client.measure(case)
    assert missing.value.word == "not measured"


@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk here (Debian, Ubuntu: apt install wrk)")
def test_measures_a_server():
    done = bench("--quick", "--loops", "rondel", "--only", "servers/bare protocol, 10 c")
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 connections, p99" in done.stdout
