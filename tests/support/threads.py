"""Calling a function in a thread of its own."""

import concurrent.futures


def in_thread(function, *args):
    """Call it in a new thread; give its result, or raise what it raised."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result()
