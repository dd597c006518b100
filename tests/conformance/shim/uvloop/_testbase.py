"""uvloop's own test base, out of its source distribution; both its kinds of loop are rondel's."""

import importlib.util
import os
import sys
from pathlib import Path

_path = Path(os.environ["UVLOOP_SOURCE"], "uvloop", "_testbase.py")
_spec = importlib.util.spec_from_file_location(__name__, _path)
assert _spec is not None
assert _spec.loader is not None
_base = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_base)


if os.environ["CONFORMANCE_LOOP"] == "rondel":
    # The same tests with asyncio's expectations in place of uvloop's, and no child watchers.
    for _name, _value in {
        "is_asyncio_loop": lambda _: True,
        "new_loop": _base.UVTestCase.new_loop,
        "new_policy": _base.UVTestCase.new_policy,
        "setUp": _base.BaseTestCase.setUp,
        "tearDown": _base.BaseTestCase.tearDown,
    }.items():
        setattr(_base.AIOTestCase, _name, _value)

# Whoever imports this module gets that one.
sys.modules[__name__] = _base
