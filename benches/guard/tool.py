"""Runs a scenario under a tool, where nothing but the scenario makes a difference."""

import contextlib
import functools
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence

from benches.guard.settings import ROOT, WITHIN


class ToolError(Exception):
    """Nothing could be counted; the text says why, and what to do."""


def need(*programs: str) -> None:
    """ToolError with what to install, where one is missing."""
    for program in programs:
        if shutil.which(program) is None:
            raise ToolError(
                f"{program} is missing: install it (Debian, Ubuntu: apt install {program})"
            )


def run(
    scenario: str,
    build: pathlib.Path,
    tool: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """What the worker says in the end. `tool` is the command in front of the interpreter's."""
    command = [*_fixed_addresses(), *tool, _interpreter(), "-S", "-P"]
    command += ["-m", "benches.guard.worker", scenario]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=_environment(build) | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = "\n".join(error.stderr.strip().splitlines()[-12:])
        raise ToolError(
            f"{scenario}: {command[0]} ended with {error.returncode}:\n{said}"
        ) from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"{scenario}: {command[0]} took more than {WITHIN} s") from None
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def _interpreter() -> str:
    """The one that runs this, by the name that does not depend on a virtual environment."""
    return os.path.realpath(sys.executable)


def _environment(build: pathlib.Path) -> dict[str, str]:
    """A whole one, for ours must make no difference."""
    found = importlib.util.find_spec("rondel")
    if found is None or found.origin is None:
        raise ToolError(f"{sys.executable} has no rondel: run `make build`, and that one's python")
    package = pathlib.Path(found.origin).parent.parent
    packages = sysconfig.get_path("purelib")  # for what `rondel.http` needs
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(map(str, (package, ROOT, build, packages))),
    }
    # Without it, an interpreter may not find the libraries that it was linked to.
    if path := os.environ.get("LD_LIBRARY_PATH"):
        environment["LD_LIBRARY_PATH"] = path
    return environment


@functools.cache
def _fixed_addresses() -> tuple[str, ...]:
    """The order of a set follows its members' addresses. Some containers forbid to fix them."""
    command = ("setarch", "-R")
    with contextlib.suppress(OSError):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return ()
