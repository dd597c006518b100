"""Marks that depend on the version of Python."""

import sys

import pytest


def rondel_only_before(version: tuple[int, int], reason: str):
    """Run the test on rondel alone where asyncio is older than `version`, for this reason."""
    if sys.version_info[:2] < version:
        return pytest.mark.rondel_only(reason)
    return lambda test: test
