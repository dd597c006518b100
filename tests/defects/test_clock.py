"""The clock runs on in nanoseconds, and no timer fires early (uvloop#359)."""

import asyncio
import itertools
import time

import pytest


def test_clock_has_no_millisecond_steps(loop):
    """While a callback runs, too: uvloop's stands still during a turn."""
    times = []

    def look():
        while len(times) < 2000:
            times.append(loop.time())
        loop.stop()

    loop.call_soon(look)
    loop.run_forever()
    steps = {later - earlier for earlier, later in itertools.pairwise(times)}
    assert min(steps - {0.0}) < 0.0001
    assert len(set(times)) > 100


def test_clock_is_the_monotonic_one_at_each_moment(loop):
    readings = []

    def look():
        for _ in range(100):
            before = time.monotonic()
            now = loop.time()
            readings.append((before, now, time.monotonic()))
        loop.stop()

    loop.call_soon(look)
    loop.run_forever()
    assert [row for row in readings if not row[0] <= row[1] <= row[2]] == []


def test_timer_delay_counts_from_the_call_and_not_from_the_start_of_the_turn(loop):
    """A clock that stands still during the turn starts the delay too early."""
    fired = []

    def busy():
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
        due = time.monotonic() + 0.01
        loop.call_later(0.01, lambda: (fired.append((time.monotonic(), due)), loop.stop()))

    loop.call_soon(busy)
    loop.run_forever()
    ((now, due),) = fired
    assert now >= due


@pytest.mark.rondel_only("asyncio runs what is due within the resolution of the clock")
def test_timer_never_fires_early_by_a_single_nanosecond(loop):
    early = []

    def check(when):
        if loop.time() < when or time.monotonic() < when:
            early.append(when)

    start = loop.time()
    for n in range(2000):
        when = start + n * 0.0000137
        loop.call_at(when, check, when)
    loop.call_at(start + 0.03, loop.stop)
    loop.run_forever()
    assert early == []


def test_sleep_is_never_short(loop):
    async def sleeper(seconds):
        before = time.monotonic()
        await asyncio.sleep(seconds)
        return time.monotonic() - before - seconds

    async def main():
        return await asyncio.gather(*(sleeper(n * 0.00013) for n in range(1, 100)))

    short = min(loop.run_until_complete(main()))
    assert short >= -1e-9, "the resolution of the clock"
