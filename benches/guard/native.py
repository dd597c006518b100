"""Builds the C of the guard."""

import pathlib
import subprocess
import sysconfig

from benches.guard.tool import ToolError

SOURCES = pathlib.Path(__file__).resolve().parent / "csource"
MODULE = "rondel_guard.so"
COUNTER = "allocations.so"


def build(folder: pathlib.Path) -> None:
    """Makes the module of the scenarios and the counter of allocations."""
    _shared(folder / MODULE, "guard.c", "-I", sysconfig.get_path("include"), "-ldl")
    _shared(folder / COUNTER, "allocations.c")


def _shared(target: pathlib.Path, source: str, *options: str) -> None:
    command = ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(target), str(SOURCES / source)]
    try:
        subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    except OSError as error:
        raise ToolError(
            f"no C compiler: {error}: install gcc or clang"
            " (Debian, Ubuntu: apt install build-essential)"
        ) from None
    except subprocess.CalledProcessError as error:
        hint = ""
        if "valgrind/callgrind.h" in error.stderr:
            hint = "\nvalgrind's headers are missing (Fedora: dnf install valgrind-devel)"
        raise ToolError(f"{' '.join(command)}:\n{error.stderr.strip()}{hint}") from None
