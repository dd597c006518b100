"""The programs of the tutorials, where they are at hand, print the same on rondel as on asyncio."""

import subprocess
import sys

import pytest

from support import child

# Two keep every core busy for a minute, one prints from two threads at once in no fixed order:
# none says anything about the loop.
LEFT_OUT = {"000_cpu_offload", "001_cpu_vs_io", "000_callback_fetch"}

CHECK = child.TESTS.parent.parent / "shared" / "programs" / "check.py"


@pytest.mark.rondel_only("asyncio is what it is compared with")
@pytest.mark.skipif(not CHECK.exists(), reason="../shared/programs is not on this machine")
@pytest.mark.timeout(300)
def test_programs(loop_kind):
    programs = {path.stem for path in CHECK.parent.glob("[0-9]*.py")} - LEFT_OUT
    run = ["--loop", "rondel", "--run", f"{sys.executable} -m rondel"]
    done = subprocess.run(
        [sys.executable, CHECK, *run, *sorted(programs)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(f"\n{len(programs)} passed, 0 failed\n")
