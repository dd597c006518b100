"""Programs started by plain Python and by `python -m rondel`, to be compared."""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

TIMEOUT = 45


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a process ended: exit code (negative: killed by that signal) and what it wrote."""

    code: int
    out: str
    err: str


class Folder:
    """A folder with programs, which is also the current folder of what is started."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def write(self, name: str, source: str | bytes) -> str:
        """Write a program (its common indentation taken off), and give its name."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source if isinstance(source, bytes) else textwrap.dedent(source).encode())
        return name

    def python(self, *arguments: str, stdin: str | bytes = b"", **env: str) -> Ended:
        """Run `python ARGUMENTS` to its end."""
        # A file, as plain Python can't read every program from a pipe.
        with tempfile.TemporaryFile() as file:
            file.write(stdin if isinstance(stdin, bytes) else textwrap.dedent(stdin).encode())
            file.seek(0)
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=self.path,
                env=environment(**env),
                stdin=file,
                capture_output=True,
                check=False,
                timeout=TIMEOUT,
            )
        return Ended(done.returncode, text(done.stdout), text(done.stderr))

    def rondel(self, *arguments: str, options: tuple[str, ...] = (), **how) -> Ended:
        """Run `python OPTIONS -m rondel ARGUMENTS` to its end."""
        return self.python(*options, "-m", "rondel", *arguments, **how)

    def same(self, *arguments: str, options: tuple[str, ...] = (), **how) -> Ended:
        """Run it both ways; they must end and print the same. Gives how rondel's ended."""
        plain = self.python(*options, *arguments, **how)
        ended = self.rondel(*arguments, options=options, **how)
        assert ended == plain
        return ended


def text(output: bytes) -> str:
    """Output as text to compare: without addresses, and with what is no UTF-8."""
    return re.sub(r"\b0x[0-9a-f]{8,}\b", "0x...", output.decode(errors="surrogateescape"))


def environment(**extra: str) -> dict[str, str]:
    """This environment, without what changes how Python, asyncio or rondel run."""
    drop = ("PYTHON", "COV", "RONDEL")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    if path := os.environ.get("PYTHONPATH"):
        env["PYTHONPATH"] = path
    return {**env, "NO_COLOR": "1", **extra}
