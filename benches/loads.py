"""The Rust program of the bench, benches/load: loads on echo servers, and the machine's limit."""

import dataclasses
import json
import subprocess
from collections.abc import Sequence
from typing import Any

from benches.cores import Cores
from benches.process import Process
from benches.settings import ROOT

MANIFEST = ROOT / "benches" / "load" / "Cargo.toml"


class BuildError(Exception):
    """The program could not be built; the text says why."""


@dataclasses.dataclass(frozen=True)
class Load:
    """Starts it: a load prints a line when it is under way, and one of JSON with its result.

    Addresses are those that a server prints: `tcp:HOST:PORT`, `udp:HOST:PORT`, `unix:PATH`, or
    `tls:HOST:PORT,FILE` with the certificate of the authority to trust.
    """

    executable: str
    cores: Cores

    def closed(self, address: str, connections: int, size: int, seconds: float) -> Process:
        """Each connection sends `size` bytes as soon as the last ones are back."""
        return self._client("closed", address, connections, size, seconds)

    def open(
        self, address: str, connections: int, size: int, seconds: float, rate: float
    ) -> Process:
        """`rate` messages a second, whatever comes back."""
        return self._client("open", address, connections, size, seconds, rate)

    def churn(self, address: str, connections: int, size: int, seconds: float) -> Process:
        """A connection for each message, so many at once."""
        return self._client("churn", address, connections, size, seconds)

    def limit(self, place: str, tool: Sequence[str] = ()) -> Process:
        """The bare echo server at `tcp`, `udp` or `unix:PATH`; prints its address.

        `tool` is a command that runs another one, such as valgrind.
        """
        return Process([*tool, self.executable, "serve", place], self.cores.server)

    def _client(self, *arguments: str | float) -> Process:
        return Process([self.executable, *map(str, arguments)], self.cores.client)


def build(cores: Cores) -> Load:
    """Compiles it; quick where that is done already."""
    output = _run(
        "cargo",
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--message-format=json",
        f"--manifest-path={MANIFEST}",
    )
    for line in output.splitlines():
        message: dict[str, Any] = json.loads(line)
        if executable := message.get("executable"):
            return Load(executable, cores)
    raise BuildError("cargo built no program of benches/load")


def compiler() -> str:
    """What the compiler calls itself."""
    return _run("rustc", "--version").strip()


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise BuildError(
            f"the bench needs Rust: {error}: install it from https://rustup.rs"
        ) from None
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{' '.join(command)}: {error.stderr.strip()}") from None
