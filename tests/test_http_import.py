"""What importing `rondel.http` needs and brings, and that its errors are aiohttp's kinds."""

import inspect

import pytest

from support import child

pytestmark = pytest.mark.rondel_only("aiohttp is what it is compared with")


def test_each_exception_is_of_the_same_kinds(client):
    aiohttp = pytest.importorskip("aiohttp")
    for name, theirs in inspect.getmembers(aiohttp, inspect.isclass):
        if issubclass(theirs, BaseException):
            ours = getattr(client, name)
            kinds = [base.__name__ for base in theirs.__mro__]
            assert [base.__name__ for base in ours.__mro__] == kinds, name


def test_nothing_is_imported_before_it_is_asked_for():
    source = """
        import sys
        import rondel
        print(*(name for name in ("rondel.http", "yarl", "multidict") if name in sys.modules))
    """
    done = child.run("rondel", source)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


@pytest.mark.parametrize("missing", ["yarl", "multidict"])
def test_without_the_extra(missing):
    source = f"""
        import sys
        sys.modules["{missing}"] = None
        from rondel import http
    """
    done = child.run("rondel", source)
    assert done.returncode == 1
    last = done.stderr.strip().rpartition("\n")[2]
    assert last == f"ImportError: rondel.http needs {missing}: pip install 'rondel[http]'"
