"""The C programs of the bench: the load, and the bare echo server that nothing can beat by much."""

import dataclasses
import pathlib
import subprocess

SOURCES = pathlib.Path(__file__).resolve().parent / "native"


class CompilerError(Exception):
    """The programs could not be built; the text says why."""


@dataclasses.dataclass(frozen=True)
class Binaries:
    echo_server: str
    echo_load: str


def build(folder: pathlib.Path) -> Binaries:
    """Compiles both into `folder`."""
    return Binaries(_compile("echo_server", folder), _compile("echo_load", folder))


def version() -> str:
    """What `cc` calls itself."""
    return _cc("--version").splitlines()[0]


def _compile(name: str, folder: pathlib.Path) -> str:
    target = str(folder / name)
    _cc("-O2", "-Wall", "-Wextra", "-o", target, str(SOURCES / f"{name}.c"))
    return target


def _cc(*arguments: str) -> str:
    command = ["cc", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise CompilerError(
            f"the bench needs a C compiler: {error}: install gcc or clang"
            " (Debian, Ubuntu: apt install build-essential)"
        ) from None
    except subprocess.CalledProcessError as error:
        raise CompilerError(f"{' '.join(command)}: {error.stderr.strip()}") from None
