"""raise_for_status, in all its forms, and what its error says."""

import pytest

from support.http_raw import OK, response

BUSY = response(b"later", "X-Reason: load", status="503 Service Unavailable")


@pytest.fixture
def server(raw_server):
    return raw_server(BUSY)


def check(client, error, server, path="/x"):
    assert type(error) is client.ClientResponseError
    assert isinstance(error, client.ClientError)
    assert error.status == 503
    assert error.message == "Service Unavailable"
    assert error.headers["x-reason"] == "load"
    assert error.history == ()
    assert error.request_info.method == "GET"
    assert str(error.request_info.url) == server.url(path)
    assert str(error) == f"503, message='Service Unavailable', url='{server.url(path)}'"
    assert repr(error).startswith("ClientResponseError(RequestInfo(")
    assert "status=503, message='Service Unavailable'" in repr(error)


async def test_of_a_response(client, session, server):
    async with session.get(server.url("/x")) as got:
        assert not got.ok
        with pytest.raises(client.ClientResponseError) as caught:
            got.raise_for_status()
        check(client, caught.value, server)
        # Within `async with`, the body is still to be had.
        assert await got.text() == "later"


async def test_of_a_response_outside_of_a_with(client, session, server):
    got = await session.get(server.url("/x"))
    with pytest.raises(client.ClientResponseError):
        got.raise_for_status()
    assert got.closed


async def test_of_the_session(client, open_session, server):
    session = open_session(raise_for_status=True)
    with pytest.raises(client.ClientResponseError) as caught:
        await session.get(server.url("/x"))
    check(client, caught.value, server)
    async with session.get(server.url(), raise_for_status=False) as got:
        assert got.status == 503


async def test_of_the_request(client, session, server):
    with pytest.raises(client.ClientResponseError) as caught:
        async with session.get(server.url("/x"), raise_for_status=True):
            raise AssertionError
    check(client, caught.value, server)


@pytest.mark.parametrize("where", ["session", "request"])
async def test_a_function(client, open_session, server, where):
    seen = []

    async def look(got):
        seen.append((got.status, await got.text()))
        if len(seen) == 2:
            raise KeyError("mine")

    option = {"raise_for_status": look}
    session = open_session(**(option if where == "session" else {}))
    option = option if where == "request" else {}
    async with session.get(server.url(), **option) as got:
        assert await got.text() == "later"
    with pytest.raises(KeyError, match="mine"):
        await session.get(server.url(), **option)
    assert seen == [(503, "later")] * 2


@pytest.mark.parametrize("status", [100, 200, 204, 301, 399, 400, 404, 499, 500, 599, 999])
async def test_which_statuses(client, session, raw_server, status):
    if status == 100:
        answers = [b"HTTP/1.1 100 Continue\r\n\r\n" + OK]
    else:
        answers = [f"HTTP/1.1 {status} Reason\r\nContent-Length: 0\r\n\r\n".encode()]
    server = raw_server(answers)
    async with session.get(server.url()) as got:
        assert got.ok is (got.status < 400)
        if got.ok:
            got.raise_for_status()
        else:
            with pytest.raises(client.ClientResponseError) as caught:
                got.raise_for_status()
            assert caught.value.status == status


async def test_the_connection_serves_others_afterwards(client, loop, raw_server):
    server = raw_server([BUSY, OK])
    connector = client.TCPConnector(limit=1)
    async with client.ClientSession(connector=connector, raise_for_status=True) as session:
        for _ in range(3):
            if not server.requests:
                with pytest.raises(client.ClientResponseError):
                    await session.get(server.url())
            else:
                async with session.get(server.url()) as got:
                    assert await got.read() == b"ok"


async def test_no_reason(client, session, raw_server):
    server = raw_server(b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n")
    async with session.get(server.url()) as got:
        assert got.reason == ""
        with pytest.raises(client.ClientResponseError) as caught:
            got.raise_for_status()
        assert caught.value.message == ""
