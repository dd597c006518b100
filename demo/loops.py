"""How a program is started on each event loop."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROBE = HERE / "probe.py"


def command(loop: str) -> list[str]:
    """What comes before the path of a program, to run it on `loop`.

    `loop` is asyncio, rondel, or any other module that has a `new_event_loop`.
    """
    if loop == "asyncio":
        return [sys.executable]
    if loop == "rondel":
        return [sys.executable, "-m", "rondel"]
    return [sys.executable, str(HERE / "run_on.py"), loop]
