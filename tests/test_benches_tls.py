"""The rows of TLS count nothing that went over the wire as plaintext."""

import json
import os
import subprocess
import sys

from benches import micro

from support.benches import ROOT

BENCHMARKS = [name for name in micro.ALL if name.startswith("TLS")]
# Takes a context, and does not use it.
PLAINTEXT = """
import asyncio

class Loop(asyncio.SelectorEventLoop):
    async def create_server(self, *arguments, ssl=None, **options):
        return await super().create_server(*arguments, **options)

    async def create_connection(self, *arguments, ssl=None, **options):
        return await super().create_connection(*arguments, **options)
"""


def answers(loop, folder):
    """What the worker of the micro-benchmarks says of all of them."""
    requests = [json.dumps({"benchmark": name, "seconds": 1e-9}) for name in BENCHMARKS]
    done = subprocess.run(
        [sys.executable, "-m", "benches.programs.micro_worker", loop],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder)},
        input="\n".join(requests),
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_plaintext_has_no_figure(tmp_path):
    (tmp_path / "plaintext.py").write_text(PLAINTEXT)
    found = answers("plaintext", tmp_path)
    assert [each["word"] for each in found] == ["no TLS"] * 3
    assert all("sends plaintext" in each["error"] for each in found)


def test_tls_has_a_figure(tmp_path):
    found = answers("asyncio", tmp_path)
    assert len(found) == len(BENCHMARKS) == 3
    assert all(each["rate"] > 0 for each in found)
