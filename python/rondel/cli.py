"""The command line of `python -m rondel`."""

import sys
from collections.abc import Sequence

from . import _children, _script, policy
from ._rondel import __version__
from .loop import new_event_loop

HELP = """\
usage: python -m rondel [option] PROGRAM [argument ...]

Runs an asyncio program, unchanged, as `python PROGRAM` does, on rondel's event loop.

  PROGRAM        a file; or a folder or zip file with a __main__.py
  -m MODULE      a module or package, as `python -m MODULE`
  -c CODE        a program given as text, as `python -c CODE`
  -              a program from standard input
  -h, --help     show this
  -V, --version  show the versions of rondel and Python, and what the loop waits with

examples:
  python -m rondel server.py --port 8000
  python -m rondel -m pytest tests
  python -X dev -W error -m rondel server.py      options of Python itself come before -m

In the program's own code it is one line: rondel.run(main()) in place of asyncio.run(main()).
"""


def main() -> None:
    """Read `sys.argv` and do what it says. Raises SystemExit if something is wrong with it."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(HELP)
    elif arguments[0] in ("-V", "--version"):
        print(version())
    else:
        run(arguments)


def version() -> str:
    """One line: rondel's version, Python's, and the selector that a new loop would use."""
    import platform

    try:
        loop = new_event_loop()
    except (OSError, ValueError) as error:
        _script.fail(str(error), 2)
    selector = loop._core.selector
    loop.close()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"rondel {__version__} ({python}, {selector} on {platform.system()})"


def run(arguments: Sequence[str]) -> None:
    """Run the program that the arguments name, with rondel installed."""
    first, *rest = arguments
    if first == "--" and rest:
        first, *rest = rest
    elif first.startswith("-") and first != "-":
        run_option(first, rest)
        return
    prepare()
    if first == "-":
        _script.run_stdin(rest)
    else:
        _script.run_file(first, rest)


def run_option(option: str, rest: Sequence[str]) -> None:
    """Run what stands after -m or -c, joined to it (`-mMODULE`) or as the next argument."""
    runners = {"-m": _script.run_module, "-c": _script.run_command}
    letter, value = option[:2], option[2:]
    if letter not in runners:
        _script.fail(
            f"unknown option {option}\n"
            f"Options of Python itself come before -m: python {option} -m rondel ...\n"
            "Try `python -m rondel --help`.",
            2,
        )
    if not value:
        if not rest:
            _script.fail(
                f"argument expected for the {letter} option\nTry `python -m rondel --help`.", 2
            )
        value, *rest = rest
    prepare()
    runners[letter](value, rest)


def prepare() -> None:
    """Have asyncio make rondel's loops, here and in the program's multiprocessing children."""
    policy.install()
    _children.follow()
