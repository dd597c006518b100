"""Says what to do when rondel's compiled part is missing or does not load."""

import importlib
import os
import sys

from . import _require_python  # noqa: F401  a Python that is too old is to be said first

NAME = "rondel._rondel"


def _problem(error: ImportError, here: str) -> str:
    if not isinstance(error, ModuleNotFoundError) or error.name != NAME:
        return "does not load ({})".format(error)
    built = sorted(name for name in os.listdir(here) if name.startswith("_rondel."))
    built = [name for name in built if name.endswith(".so")]
    if built:
        return "is built for another Python ({})".format(", ".join(built))
    return "is not built"


def _message(error: ImportError) -> str:
    # The module's own words, and from 3.12 on the interpreter's, who then asks no module.
    if "subinterpreter" in str(error):
        return "rondel does not run in a subinterpreter; import it in the main interpreter"
    here = os.path.dirname(os.path.abspath(__file__))
    return (
        "rondel's compiled part {} for Python {}.{} in {}; "
        "run `pip install rondel`, or `make build` in rondel's source tree".format(
            _problem(error, here), sys.version_info[0], sys.version_info[1], here
        )
    )


try:
    importlib.import_module(NAME)
except ImportError as error:
    # With the package's own name `python -m rondel` shows the message alone, with no traceback.
    raise ImportError(_message(error), name="rondel") from None
