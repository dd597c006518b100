"""The bench of HTTP clients: who takes part, and what is no figure."""

import asyncio
import shutil

import pytest
from benches.families import http, http2
from benches.model import MeasureError
from benches.programs import http_client

from support import http_nginx
from support.benches import bench


def test_aiohttp_runs_on_each_loop():
    found = http_client.candidates(("asyncio", "uvloop"))
    assert found[:2] == ("aiohttp, asyncio", "aiohttp, uvloop")
    assert found[-1] == "rondel"
    assert {name.partition(",")[0] for name in found} == set(http_client.CLIENTS)


def test_a_client_that_speaks_another_protocol_has_no_figure():
    async def get(url):
        return b"HTTP/1.1"

    client = http_client.Client(get, None)
    asyncio.run(http_client.check(client, "http://localhost/", "HTTP/1.1"))
    with pytest.raises(MeasureError, match=r"the server saw HTTP/1\.1") as caught:
        asyncio.run(http_client.check(client, "http://localhost/", "HTTP/2.0"))
    assert caught.value.word == "no HTTP/2.0"


def test_aiohttp_has_no_http_2():
    assert http2.Http2(None).candidates == (*http_client.OTHERS, "rondel")


def test_a_body_of_another_size_has_no_figure():
    class Opens:
        def __init__(self, wish):
            pass

        async def __aenter__(self):
            async def get(url):
                return b"HTTP/1.1"

            return http_client.Client(get, None)

        async def __aexit__(self, *error):
            pass

    request = {"url": "", "size": 3, "stream": False, "protocol": "HTTP/1.1", "said_by": ""}
    with pytest.raises(MeasureError, match="8 bytes came, not 3"):
        asyncio.run(http_client.measure(Opens, request | {"tasks": 1, "seconds": 0}))


def test_the_rows():
    cases = {case.name: case for case in [*http.Http(None).cases, *http2.Http2(None).cases]}
    for size in ("1 KB", "100 KB"):
        for connections in (1, 10, 50, 500):
            assert f"GET, {size}, {connections} at once" in cases
    assert str(cases["GET, 1 KB, 50 at once"].target) == "1.3 x best peer"
    assert str(cases["GET, 1 KB, 50 at once, to aiohttp, uvloop"].target) == "2.5 x aiohttp, uvloop"
    assert str(cases["GET over HTTP/2, 1 KB, 50 at once"].target) == "best peer"
    thorough = {name for name, case in cases.items() if case.thorough}
    assert thorough == {name for name in cases if "50 at once" in name or "stream" in name}
    assert {case.same_as for case in cases.values()} == {"", "GET, 1 KB, 50 at once"}


def test_says_what_is_missing_and_how_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(http_nginx, "PATHS", ())
    assert "apt install nginx" in http.Http(None).lacks()
    assert "apt install nginx" in http2.Http2(None).lacks()
    monkeypatch.setattr(http_nginx, "find", lambda: "/usr/sbin/nginx")
    assert "apt install wrk" in http.Http(None).lacks()
    assert http2.Http2(None).lacks() is None


@pytest.mark.skipif(http_nginx.find() is None, reason=http_nginx.MISSING)
@pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk here (Debian, Ubuntu: apt install wrk)")
def test_measures_a_client():
    done = bench("--quick", "--loops", "asyncio", "--only", "http/GET, 1 KB, 1 at")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 KB, 1 at once" in done.stdout
