"""Parts of the suite again: with the collector at work everywhere, in debug mode, on poll(2)."""

import pytest

from support import child

#: Hundreds of tests, where a collection at every step takes its time.
SECONDS = 600

SUITE = """
    import gc, sys, pytest
    if sys.argv.pop(1) == "collect":
        gc.set_threshold(1)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    sys.exit(pytest.main([*options, "-k", "not pile_up and not many", *sys.argv[1:]]))
"""

TRANSPORTS = "tcp buffered flow_control half_close writing"
OTHERS = (
    "datagram unix unix_server pipes_read pipes_write pipes_devices sendfile resets protocol_faults"
)


def run_again(kind, mode, topics, **env):
    """Run the tests of these topics in a process of their own."""
    files = [str(child.TESTS / f"test_{topic}.py") for topic in topics.split()]
    env = {**env, "RONDEL_TEST_ONLY": kind, "PYTEST_ADDOPTS": ""}
    done = child.run(kind, SUITE, mode, *files, env=env, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.timeout(SECONDS + 10)
def test_with_a_collection_at_every_step(loop_kind):
    topics = f"order handles contextvars reentrancy readers sock tasks {TRANSPORTS} {OTHERS}"
    run_again(loop_kind, "collect", topics)


@pytest.mark.timeout(SECONDS + 10)
def test_in_debug_mode(loop_kind):
    topics = "order handles contextvars run sock tasks cancellation readers streams"
    run_again(loop_kind, "debug", f"{topics} {TRANSPORTS} {OTHERS}", RONDEL_TEST_DEBUG="1")


@pytest.mark.rondel_only("asyncio has no such variable")
@pytest.mark.timeout(SECONDS + 10)
def test_on_poll(loop_kind):
    topics = f"order readers descriptors signals sock server interrupt {TRANSPORTS} {OTHERS}"
    run_again(loop_kind, "poll", topics, RONDEL_SELECTOR="poll")


@pytest.mark.rondel_only("asyncio's children were there all the time")
@pytest.mark.parametrize("mode", ["collect", "debug", "poll"])
@pytest.mark.timeout(SECONDS + 10)
def test_children(loop_kind, mode):
    variables = {
        "collect": {},
        "debug": {"RONDEL_TEST_DEBUG": "1"},
        "poll": {"RONDEL_SELECTOR": mode},
    }
    topics = "subprocess_protocol subprocess_signals subprocess_cancel"
    run_again(loop_kind, mode, topics, **variables[mode])
