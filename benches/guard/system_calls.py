"""System calls, counted by strace: by name, without those of the peers."""

import pathlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterable

from benches.guard import tool
from benches.guard.sections import each_per_operation
from benches.guard.settings import SECTIONS
from benches.guard.tool import ToolError

STRACE = ("strace", "--follow-forks", "--quiet=all", "--signal=none", "--string-limit=32")
# As in guard.c: what begins with such a descriptor is a call of a peer.
MARK = 'write(-1, "rondel-guard-mark"'
PEERS_FROM = 900
# "1234 recvfrom(8, ...", "1234 poll([{fd=8, ...". "1234 <... recvfrom resumed>" is the end of one.
CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?:\[\{fd=)?(?P<descriptor>\d+)?")
# How often a thread waits for another one is up to the system.
OF_THREADS = {"futex", "sched_yield"}


def count(scenario: str, operations: int, build: pathlib.Path, threads: bool) -> dict[str, float]:
    """Of one operation; without those that wait for another thread, if there are `threads`."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "calls"
        tool.run(scenario, build, (*STRACE, f"--output={output}"))
        sections = calls(output.read_text().splitlines())
    if len(sections) != len(SECTIONS):
        raise ToolError(f"{scenario}: strace saw {len(sections)} sections, not {len(SECTIONS)}")
    counts = each_per_operation(sections, operations)
    return {
        name: count
        for name, count in counts.items()
        if count and not (threads and name in OF_THREADS)
    }


def calls(lines: Iterable[str]) -> list[Counter[str]]:
    """How often each was called, between each two marks."""
    sections: list[Counter[str]] = []
    for line in lines:
        if MARK in line:
            sections.append(Counter())
        elif sections and (call := CALL.match(line)) and int(call["descriptor"] or 0) < PEERS_FROM:
            sections[-1][call["name"]] += 1
    return sections[:-1]
