"""The code of docs/guide-http.md and of the README runs as it stands there."""

import ast
import asyncio
import inspect
import json
import re

import pytest

import rondel
from support.child import TESTS

pytestmark = pytest.mark.rondel_only("it is the guide to rondel.http")

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(name):
    """The code of a page that is about the client."""
    found = BLOCK.findall((TESTS.parent / name).read_text())
    return [block for block in found if "http" in block or "session" in block]


BLOCKS = [*blocks("docs/guide-http.md"), *blocks("README.md")]


def test_the_pages_are_read():
    assert len(BLOCKS) > 8


@pytest.fixture
def names(loop, client, session, http_server):
    """What the pieces of code take as given."""

    async def cursor():
        for number in range(3):
            yield [number]

    return {
        "asyncio": asyncio,
        "json": json,
        "rondel": rondel,
        "http": client,
        "session": session,
        "url": http_server.url(),
        "URLS": [http_server.url(f"/{number}") for number in range(100)],
        "order": {"number": 7},
        "cursor": cursor(),
    }


@pytest.mark.parametrize("source", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_code(loop_kind, loop, client, names, http_server, tmp_path, monkeypatch, source, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "file").touch()
    source = source.replace("https://example.org/", http_server.url())
    code = compile(source, "guide", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        loop.run_until_complete(eval(code, names))
    else:
        exec(code, names)
        main = names.get("main")
        if main is not None and "rondel.run(" not in source:
            loop.run_until_complete(main())
    if "response.text()" in source:
        assert "GET" in capsys.readouterr().out
    if "rondel.run(" in source or "await" in source:
        assert http_server.requests
