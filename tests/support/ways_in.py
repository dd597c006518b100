"""Programs started by plain Python and by `python -m rondel`, to be compared."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import textwrap

TIMEOUT = 60


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
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=environment(**env),
            input=stdin if isinstance(stdin, bytes) else textwrap.dedent(stdin).encode(),
            capture_output=True,
            timeout=TIMEOUT,
        )
        return Ended(
            done.returncode,
            done.stdout.decode(errors="surrogateescape"),
            done.stderr.decode(errors="surrogateescape"),
        )

    def rondel(self, *arguments: str, options: tuple[str, ...] = (), **how) -> Ended:
        """Run `python OPTIONS -m rondel ARGUMENTS` to its end."""
        return self.python(*options, "-m", "rondel", *arguments, **how)

    def same(self, *arguments: str, options: tuple[str, ...] = (), **how) -> Ended:
        """Run it both ways; they must end and print the same. Gives how rondel's ended."""
        plain = self.python(*options, *arguments, **how)
        ended = self.rondel(*arguments, options=options, **how)
        assert ended == plain
        return ended


def environment(**extra: str) -> dict[str, str]:
    """This environment, without what changes how Python, asyncio or rondel run."""
    drop = ("PYTHON", "COV", "RONDEL")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    if path := os.environ.get("PYTHONPATH"):
        env["PYTHONPATH"] = path
    return {**env, "NO_COLOR": "1", **extra}
