"""Misuse and odd shapes that native code must survive: an error at most, never a crash."""

import pytest


@pytest.mark.parametrize("schedule", ["call_soon", "call_later"])
def test_a_long_chain_of_handles_is_dropped_without_end_of_the_stack(loop, schedule):
    arguments = (60,) if schedule == "call_later" else ()
    handle = None
    for _ in range(200_000):
        handle = getattr(loop, schedule)(*arguments, print, handle)
    del handle
    loop.close()


def test_what_a_chain_of_handles_held_is_dropped_with_it(loop):
    dropped = []

    class Held:
        def __del__(self):
            dropped.append(self)

    handle = None
    for _ in range(1000):
        handle = loop.call_later(60, print, handle, Held())
    del handle
    loop.close()
    assert len(dropped) == 1000
