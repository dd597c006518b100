"""What the figures were measured on, and with: without that they say nothing."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess
from collections.abc import Sequence

from benches import loads
from benches.cores import Cores
from benches.settings import ROOT

SOURCES = ("crates", "python", "Cargo.toml", "Cargo.lock")


def load() -> float:
    """How many processes wanted a core in the last minute, on average. getloadavg(3)."""
    return os.getloadavg()[0]


def facts(loops: Sequence[str], cores: Cores, load_before: float) -> dict[str, str]:
    """What a reader needs to know, by name."""
    usable = len(os.sched_getaffinity(0))
    where = (
        f"all on core {cores.server}: there is no other"
        if cores.shared
        else f"server on core {cores.server}, client on core {cores.client}"
    )
    selector = os.environ.get("RONDEL_SELECTOR")
    return {
        "Measured": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "Commit": _commit(),
        "Processor": f"{_processor()}, {usable} cores: {where}",
        "System": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Load before": f"{load_before:.1f}",
        "Loops": ", ".join(release(name) for name in loops),
        "Compilers": f"{loads.compiler()}; of Python: {platform.python_compiler()}",
        **({"RONDEL_SELECTOR": selector} if selector else {}),
    }


def release(name: str) -> str:
    """A loop or package, with its version."""
    if name == "asyncio":
        return f"asyncio of Python {platform.python_version()}"
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} (of unknown version)"


def _commit() -> str:
    """Which sources rondel was made of."""
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return "sources without history"
    changed = _git("status", "--porcelain", "--", *SOURCES)
    return f"{commit}, changed" if changed else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
