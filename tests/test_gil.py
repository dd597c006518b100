"""A loop that never sleeps lets the program's other threads run."""

import threading
import time

HANDOVERS = 100


def test_a_busy_loop_leaves_other_threads_their_share(loop):
    def tick():
        loop.call_soon(tick)

    def work():
        for _ in range(HANDOVERS):
            time.sleep(0)  # lets go of the GIL, and has to get it again
        loop.call_soon_threadsafe(loop.stop)

    thread = threading.Thread(target=work)
    loop.call_soon(tick)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()


def test_callbacks_without_bytecode_leave_other_threads_their_share(loop):
    def work():
        for _ in range(HANDOVERS):
            time.sleep(0)
        done.set()

    def refill():
        if done.is_set():
            loop.stop()
            return
        for _ in range(10_000):
            loop.call_soon(int)
        loop.call_soon(refill)

    done = threading.Event()
    thread = threading.Thread(target=work)
    loop.call_soon(refill)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
