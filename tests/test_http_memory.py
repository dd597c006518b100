"""How much memory a long download takes, and how much a thousand requests at once."""

import os

import pytest

from support import child, http_peer

MIB = 1024 * 1024
pytestmark = [
    pytest.mark.rondel_only("what is promised is rondel's"),
    pytest.mark.skipif(
        "asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer holds on to what is freed"
    ),
    pytest.mark.timeout(300),
]

MEASURE = """
import asyncio, gc, sys
from rondel import http
from support import http_peer, loops

def field(name):
    "A line of /proc/self/status, in bytes."
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))

def baseline():
    "What is resident now; the peak is counted from here."
    gc.collect()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return field("VmRSS")

def grown(since):
    return field("VmHWM") - since

def run(main):
    http_peer.allow_descriptors()
    with asyncio.Runner(loop_factory=loops.new_loop) as runner:
        print(runner.run(main()))
"""

DOWNLOAD = (
    MEASURE
    + """
async def main():
    async with http.ClientSession() as session:
        async with session.get(sys.argv[2]) as got:
            await got.read()
        before = baseline()
        async with session.get(sys.argv[1]) as got:
            count = 0
            async for piece in getattr(got.content, sys.argv[3])(*map(int, sys.argv[4:])):
                count += len(piece)
        assert count == 1 << 30, count
        return grown(before)

run(main)
"""
)

TOGETHER = (
    MEASURE
    + """
async def main():
    number = int(sys.argv[2])
    connector = http.TCPConnector(limit=0)
    async with http.ClientSession(connector=connector) as session:
        async def fetch():
            async with session.get(sys.argv[1]) as got:
                return len(await got.read())

        tasks = []
        before = baseline()
        tasks = [asyncio.create_task(fetch()) for _ in range(number)]
        assert await asyncio.gather(*tasks) == [1024] * number
        return grown(before)

run(main)
"""
)


def grown(source, *arguments):
    """What a program in a process of its own says."""
    return int(child.output("rondel", source, *map(str, arguments), timeout=280))


@pytest.mark.parametrize("way", [("iter_chunked", 65_536), ("iter_chunked", MIB), ("iter_any",)])
def test_a_download_of_a_gigabyte(loop_kind, client, nginx, way):
    used = grown(DOWNLOAD, nginx.url("/1g"), nginx.url("/100k"), *way)
    assert used < 20 * MIB


def test_a_download_of_a_gigabyte_over_tls(loop_kind, client, nginx):
    insecure = "ClientSession(connector=http.TCPConnector(ssl=False))"
    source = DOWNLOAD.replace("ClientSession()", insecure)
    urls = nginx.url("/1g", "tls1"), nginx.url("/100k", "tls1")
    used = grown(source, *urls, "iter_chunked", 65_536)
    assert used < 20 * MIB


def test_a_thousand_requests_at_once(loop_kind, client):
    with http_peer.running("together", 1000) as url:
        assert grown(TOGETHER, url, 1000) < 15 * MIB
