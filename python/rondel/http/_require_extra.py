"""Says what to do when the libraries that `rondel.http` needs are missing."""

from __future__ import annotations

from importlib import import_module

_NEEDED = ("multidict", "yarl")


def _check() -> None:
    missing = set()
    for name in _NEEDED:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            # yarl needs multidict itself.
            if error.name not in _NEEDED:
                raise
            missing.add(error.name)
    if missing:
        raise ImportError(
            f"rondel.http needs {' and '.join(sorted(missing))}: pip install 'rondel[http]'",
            name="rondel.http",
        )


_check()
