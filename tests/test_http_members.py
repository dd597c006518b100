"""What aiohttp's classes can do, rondel.http's can: members, fields, arguments of requests."""

import inspect

import pytest

from support.http_raw import OK

aiohttp = pytest.importorskip("aiohttp")
pytestmark = [
    pytest.mark.rondel_only("aiohttp is what it is compared with"),
    # Some arguments are on their way out.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

#: Deprecated, or how aiohttp works inside; the guide says so.
WITHOUT = {"ATTRS", "connect", "output_size", "start", "upload_complete", "url_obj"}
#: How aiohttp reads the dates of cookies.
WITHOUT |= {f"DATE_{part}_RE" for part in ("TOKENS", "HMS_TIME", "DAY_OF_MONTH", "MONTH", "YEAR")}
WITHOUT.add("SUB_MAX_TIME")
#: Defaults that a user can pass; others are objects of aiohttp's own.
PLAIN = (type(None), bool, int, float, str, bytes, tuple)


@pytest.mark.parametrize("name", ["ClientSession", "ClientResponse", "TCPConnector", "CookieJar"])
def test_members(client, name):
    theirs = {each for each in dir(getattr(aiohttp, name)) if not each.startswith("_")}
    assert theirs - WITHOUT - set(dir(getattr(client, name))) == set()


def test_fields_of_a_form(client):
    theirs = inspect.signature(aiohttp.FormData.add_field).parameters
    assert list(inspect.signature(client.FormData.add_field).parameters) == list(theirs)


@pytest.mark.parametrize(
    "name", [name for name in aiohttp.__all__ if name.startswith("Trace") and "Params" in name]
)
def test_fields_of_what_a_trace_is_told(client, name):
    theirs = inspect.signature(getattr(aiohttp, name)).parameters
    assert list(inspect.signature(getattr(client, name)).parameters) == list(theirs)


def arguments_of_a_request():
    """Name and default of each argument of aiohttp's requests."""
    found = inspect.signature(aiohttp.ClientSession._request).parameters.values()
    return [(each.name, each.default) for each in found if each.kind == each.KEYWORD_ONLY]


@pytest.mark.parametrize(
    ("name", "default"), arguments_of_a_request(), ids=lambda each: str(each)[:20]
)
async def test_arguments_of_a_request(session, raw_server, name, default):
    if not isinstance(default, PLAIN):
        assert name == "timeout"
        default = 300
    async with session.get(raw_server(OK).url(), **{name: default}) as got:
        assert await got.read() == b"ok"
