"""The contexts of both ends, on the certificates of the tests."""

import pathlib
import ssl

CERTIFICATES = pathlib.Path(__file__).resolve().parent.parent / "tests" / "certificates"
NAME = "localhost"


def server_context() -> ssl.SSLContext:
    """A server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    return context


def client_context() -> ssl.SSLContext:
    """A client's, which checks the server's name and certificate."""
    return ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")
