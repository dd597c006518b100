"""HTTP/2: what the clients that have it do over TLS, where nginx offers it."""

from benches.families import http
from benches.model import Case
from benches.programs import http_client

GROUP = "GET over HTTP/2"


class Http2(http.Http):
    name = "http2"
    title = "HTTP clients, HTTP/2"
    about = (
        "As the section above, over TLS and by HTTP/2, which the client and nginx agree on in the"
        " handshake: tasks share connections, as many as the client thinks fit. Rounds are as"
        " there. aiohttp has no HTTP/2."
    )
    limits = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        return (*http_client.OTHERS, http_client.SUBJECT)

    @property
    def cases(self) -> list[Case]:
        return [
            http.case(GROUP, "tls", size, connections)
            for size in http.SIZES
            for connections in (1, 50)
        ]
