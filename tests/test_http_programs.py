"""The programs of the tutorials that use aiohttp print the same with rondel.http in its place."""

import os
import re
import subprocess
import sys

import pytest

from support import child

PROGRAMS = child.TESTS.parent.parent / "shared" / "programs"
IMPORT = re.compile(r"^import aiohttp\b", re.MULTILINE)
#: What differs from one run to the next: times, addresses, ports.
VARYING = re.compile(r"\d+\.\d+|0x[0-9a-f]+|, \d{4,5}\)")


def using_aiohttp():
    """The names of the programs; one that is none where there are none, so that it is seen."""
    found = [path for path in sorted(PROGRAMS.glob("[0-9]*.py")) if IMPORT.search(path.read_text())]
    return [path.stem for path in found] or ["none"]


@pytest.fixture(scope="module")
def site():
    """The address of the site that they fetch from."""
    with subprocess.Popen(
        [sys.executable, PROGRAMS / "site.py"], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip()
        process.terminate()


def printed(command, path, folder, site):
    """The lines that a program prints, in no order of their own: its tasks run side by side."""
    done = subprocess.run(
        [*command, str(path)],
        cwd=folder,
        env={**os.environ, "SITE": site},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(line for line in VARYING.sub("#", done.stdout).splitlines() if line)


@pytest.mark.rondel_only("aiohttp is what it is compared with")
@pytest.mark.skipif(not PROGRAMS.exists(), reason="../shared/programs is not on this machine")
@pytest.mark.timeout(200)
@pytest.mark.parametrize("name", using_aiohttp())
def test_program(loop_kind, client, site, tmp_path, name):
    original = PROGRAMS / f"{name}.py"
    changed = tmp_path / original.name
    source, count = IMPORT.subn("from rondel import http as aiohttp", original.read_text())
    assert count == 1
    changed.write_text(source)
    expected = printed([sys.executable], original, tmp_path, site)
    assert expected
    assert printed([sys.executable, "-m", "rondel"], changed, tmp_path, site) == expected
