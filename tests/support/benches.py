"""What the tests of the bench share."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the bench as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "benches", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def cells(text: str) -> list[list[str]]:
    """The cells of a table in Markdown; its second line is the rule."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
