"""Is each loop there, does it really run programs, and how long does an empty one take?"""

from collections.abc import Callable

from demo import loops
from demo.child import Child

LIBRARIES = ("aiohttp", "aiofiles", "bs4")
ENDS_WITHIN = 30.0  # seconds
STARTS = 3


class NotReadyError(Exception):
    """Something that the demo needs is missing; the text says what, and what to do."""


def check_loop(loop: str, check: Callable[[], None]) -> float:
    """Returns the seconds that an empty program takes on `loop`.

    Raises NotReadyError when programs don't run on it. Calls `check` often, which may raise.
    """
    # The first run also loads the libraries from the disk, so that nobody's trial has to.
    _probe(loop, LIBRARIES, check)
    return min(_probe(loop, (), check) for _ in range(STARTS))


def _probe(loop: str, imports: tuple[str, ...], check: Callable[[], None]) -> float:
    with Child([*loops.command(loop), str(loops.PROBE), *imports]) as child:
        waited = 0.0
        while child.running():
            check()
            if waited > ENDS_WITHIN:
                raise NotReadyError(
                    f"an empty program on {loop} has not ended after {ENDS_WITHIN} s"
                )
            child.wait(0.1)
            waited += 0.1
        if child.exit_code:
            raise NotReadyError(_advice(loop, child.errors()))
        module = child.output().strip()
        if module.partition(".")[0] != loop:
            raise NotReadyError(f"asked for a loop of {loop}, got one of {module}")
        return child.usage.wall


def _advice(loop: str, errors: str) -> str:
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    problem = f"programs do not run on {loop} here: {last}"
    if any(f"'{name}'" in last for name in LIBRARIES):
        return f"{problem}\n`make demo` installs the libraries of requirements/demo.txt"
    if loop == "rondel":
        return f"{problem}\n`make build` builds rondel into .venv"
    return problem
