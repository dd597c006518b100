"""The names of `rondel.http`: all that aiohttp has for its client, and clear words for the rest."""

import importlib
import inspect

import pytest

from support import child

pytestmark = pytest.mark.rondel_only("it is aiohttp's names that are compared with")

#: What aiohttp has for its server, and what chooses among libraries that are not used here.
ABSENT = {
    "ChainMapProxy",
    "ETag",
    "GunicornUVLoopWebWorker",
    "GunicornWebWorker",
    "set_zlib_backend",
}


def test_each_name_of_the_client(client):
    aiohttp = pytest.importorskip("aiohttp")
    assert {name for name in aiohttp.__all__ if not hasattr(client, name)} == ABSENT
    for name in client.__all__:
        assert getattr(client, name) is not None


def test_each_exception_is_the_same_kind_of(client):
    aiohttp = pytest.importorskip("aiohttp")
    for name, theirs in inspect.getmembers(aiohttp, inspect.isclass):
        if issubclass(theirs, BaseException):
            ours = getattr(client, name)
            assert [base.__name__ for base in ours.__mro__] == [
                base.__name__ for base in theirs.__mro__
            ], name


def test_exceptions_by_their_module(client):
    module = importlib.import_module("rondel.http.client_exceptions")
    assert module is client.client_exceptions
    assert module.ClientError is client.ClientError
    theirs = vars(pytest.importorskip("aiohttp").client_exceptions)
    assert {name for name in theirs["__all__"] if not hasattr(module, name)} == set()


@pytest.mark.parametrize(
    "name",
    [
        *("client", "client_reqrep", "client_ws", "connector", "cookiejar", "formdata", "helpers"),
        *("http", "multipart", "payload", "resolver", "streams", "tracing", "typedefs"),
    ],
)
def test_modules_that_programs_import_from(client, name):
    theirs = importlib.import_module(f"aiohttp.{name}")
    module = importlib.import_module(f"rondel.http.{name}")
    assert module is getattr(client, name)
    inside = {
        *("HttpProcessingError", "StreamWriter", "HeadersParser", "HttpParser", "WS_KEY"),
        *("HttpRequestParser", "HttpResponseParser", "RawRequestMessage", "RawResponseMessage"),
        *("WebSocketReader", "WebSocketWriter", "ws_ext_gen", "ws_ext_parse"),
        *("ChainMapProxy", "ETag", "reify"),
    }
    for each in set(getattr(theirs, "__all__", ())) - inside:
        ours = getattr(module, each)
        assert ours is getattr(client, each, ours), each


def test_modules_that_programs_need_not(client):
    for name in ("http_exceptions", "client_proto"):
        with pytest.raises(AttributeError, match=f"no '{name}': that is how aiohttp works inside"):
            getattr(client, name)


def test_what_a_star_imports(client):
    """Nothing that would hide modules of the standard library."""
    aiohttp = pytest.importorskip("aiohttp")
    added = {"HttpVersion20", "Retry", "RetryBudget", "UnixClientConnectorError"}
    assert set(client.__all__) - set(aiohttp.__all__) - added == {
        "HttpVersion",
        "HttpVersion10",
        "HttpVersion11",
    } - set(aiohttp.__all__)


def test_what_a_request_calls_itself(client):
    assert client.http.SERVER_SOFTWARE.endswith(f"rondel/{client.__version__}")
    assert client.http.RESPONSES[404][0] == "Not Found"


@pytest.mark.parametrize("name", ["web", "test_utils", "ETag", "GunicornWebWorker"])
def test_names_of_the_server(client, name):
    with pytest.raises(AttributeError, match=f"is a client and has no '{name}'"):
        getattr(client, name)


def test_names_that_nobody_has(client):
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        client.nonsense  # noqa: B018  looking it up is what fails
    with pytest.raises(AttributeError, match="there is no backend to choose"):
        client.set_zlib_backend  # noqa: B018  looking it up is what fails


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("ClientSession", {"retry"}),
        ("TCPConnector", {"http2"}),
        ("UnixConnector", set()),
        ("ClientTimeout", set()),
        ("CookieJar", set()),
        ("DummyCookieJar", set()),
        ("FormData", set()),
        ("BasicAuth", set()),
        ("DigestAuthMiddleware", set()),
        ("Fingerprint", set()),
        ("TraceConfig", set()),
        ("MultipartWriter", set()),
    ],
)
def test_arguments_and_their_order(client, name, ours):
    aiohttp = pytest.importorskip("aiohttp")
    found = inspect.signature(getattr(client, name)).parameters
    expected = inspect.signature(getattr(aiohttp, name)).parameters
    assert [each for each in found if each not in ours] == list(expected)
    for each, parameter in expected.items():
        assert found[each].kind == parameter.kind, each
        if isinstance(parameter.default, (bool, int, float, str, tuple, type(None))):
            assert found[each].default == parameter.default, each


def test_the_arguments_of_requests(client):
    aiohttp = pytest.importorskip("aiohttp")
    expected = inspect.signature(aiohttp.ClientSession._request).parameters
    options = set(
        inspect.get_annotations(importlib.import_module("rondel.http._arguments").RequestOptions)
    )
    assert options == (set(expected) - {"self", "method", "str_or_url"}) | {"retry"}


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
