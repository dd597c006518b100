"""What a run came to, for people and for programs."""

import signal
from typing import Any

from soak.settings import Settings
from soak.supervisor import Ended

MIB = 2**20


def as_json(settings: Settings, ended: Ended) -> dict[str, Any]:
    """All of it, in plain types."""
    return {
        "seed": settings.seed,
        "loop": settings.loop,
        "at_once": settings.at_once,
        "problems": ended.problems,
        **ended.results,
    }


def as_text(settings: Settings, ended: Ended) -> str:
    """A few lines, the verdict last."""
    told = ended.results
    lines = []
    if told:
        names = sorted(told["by_actor"].items())
        lines += [
            "",
            f"connections  {told['connections']} made, {told['accepted']} accepted",
            f"datagrams    {told['datagrams']}",
            f"children     {told['children']}",
            f"actors       {told['actors']} ended, of them {told['cancelled']} cancelled:",
            *(f"  {name:24} {count}" for name, count in names),
            f"descriptors  {told['most_descriptors']} at most",
            f"memory       {told['memory'] / MIB:.1f} MiB, {told['most_memory'] / MIB:.1f} at most;"
            f" {told.get('growth', 'not judged')}",
        ]
    if ended.exit_code > 128:
        lines.append(
            f"ended by {signal.Signals(ended.exit_code - 128).name}; nothing is left running"
        )
    elif ended.exit_code == 0:
        lines.append("clean: no descriptor, task, child, thread or object is left")
    else:
        lines.append(
            f"NOT CLEAN: {len(ended.problems)} problems; --seed {settings.seed} repeats the run"
        )
    return "\n".join(lines)
