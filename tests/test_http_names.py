"""The names of aiohttp's client and their parameters: rondel.http has them, or says why not."""

import inspect
import json

import pytest

from support.http_raw import OK

aiohttp = pytest.importorskip("aiohttp")
pytestmark = [
    pytest.mark.rondel_only("aiohttp is what it is compared with"),
    # A name that is there is no use of it.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

#: Those of its server, and what has nothing to choose from here.
LEFT_OUT = {
    "ChainMapProxy",
    "ETag",
    "GunicornUVLoopWebWorker",
    "GunicornWebWorker",
    "set_zlib_backend",
}
CALLED = (
    "BaseConnector",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "CookieJar",
    "DigestAuthMiddleware",
    "DummyCookieJar",
    "Fingerprint",
    "FormData",
    "FormData.add_field",
    "MultipartWriter",
    "TCPConnector",
    "TraceConfig",
    "UnixConnector",
    "UploadTracker",
    "encode_basic_auth",
    "get_payload",
)
#: Defaults that can be compared; others are each package's own.
PLAIN = (type(None), bool, int, float, str, bytes, tuple)


@pytest.mark.parametrize("name", sorted(set(aiohttp.__all__) - LEFT_OUT))
def test_name(loop_kind, client, name):
    theirs, ours = getattr(aiohttp, name), getattr(client, name)
    assert inspect.isclass(ours) == inspect.isclass(theirs)
    assert name in client.__all__


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_a_name_that_is_left_out_says_why(loop_kind, client, name):
    with pytest.raises(AttributeError, match=r"rondel\.http (is a client|has no)"):
        getattr(client, name)


def parameters(module, path):
    """The parameters of a callable by name, without `self`."""
    found = module
    for name in path.split("."):
        found = getattr(found, name)
    return {
        name: parameter
        for name, parameter in inspect.signature(found).parameters.items()
        if name != "self"
    }


@pytest.mark.parametrize("path", CALLED)
def test_parameters(loop_kind, client, path):
    theirs, ours = parameters(aiohttp, path), parameters(client, path)
    assert set(theirs) - set(ours) == set()
    for name, parameter in theirs.items():
        assert ours[name].kind == parameter.kind, name
        if isinstance(parameter.default, PLAIN):
            assert ours[name].default == parameter.default, name
        else:
            assert (ours[name].default is parameter.empty) == (
                parameter.default is parameter.empty
            ), name


def arguments_of_a_request():
    """Name and default of each argument of aiohttp's requests."""
    found = inspect.signature(aiohttp.ClientSession._request).parameters.values()
    return [(each.name, each.default) for each in found if each.kind == each.KEYWORD_ONLY]


@pytest.mark.parametrize("argument", arguments_of_a_request(), ids=lambda argument: argument[0])
async def test_argument_of_a_request(client, session, raw_server, argument):
    name, default = argument
    if not isinstance(default, PLAIN):
        default = 300
    async with session.get(raw_server(OK).url(), **{name: default}) as got:
        assert await got.read() == b"ok"


@pytest.mark.parametrize("name", ["ClientSession", "ClientResponse", "TCPConnector"])
def test_members(loop_kind, client, name):
    """Each public attribute of the class is there."""
    theirs = {each for each in dir(getattr(aiohttp, name)) if not each.startswith("_")}
    theirs -= {"ATTRS", "output_size", "upload_complete", "url_obj", "start"}
    assert theirs - set(dir(getattr(client, name))) == set()


@pytest.mark.parametrize(
    "name", [name for name in aiohttp.__all__ if name.startswith("Trace") and "Params" in name]
)
def test_fields_of_what_a_trace_is_told(loop_kind, client, name):
    assert set(parameters(client, name)) == set(parameters(aiohttp, name))


async def test_defaults_of_a_session_that_are_objects(loop, client):
    assert parameters(client, "ClientSession")["json_serialize"].default is json.dumps
