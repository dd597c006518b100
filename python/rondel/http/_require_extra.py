"""Says what to do when the libraries that `rondel.http` needs are missing."""

from __future__ import annotations

from importlib import import_module

_NEEDED = ("multidict", "yarl")


def _check() -> None:
    missing = []
    for name in _NEEDED:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            missing.append(name)
    if missing:
        raise ImportError(
            f"rondel.http needs {' and '.join(missing)}: pip install 'rondel[http]'",
            name="rondel.http",
        )


_check()
