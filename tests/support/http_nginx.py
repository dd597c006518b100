"""A real nginx: HTTP/1.1, the same over TLS with HTTP/2, and HTTP/2 without TLS.

For the bench too, which has no pytest: nothing here needs it.
"""

import contextlib
import dataclasses
import pathlib
import shutil
import socket
import ssl

from downstream import processes

CERTIFICATES = pathlib.Path(__file__).resolve().parent.parent / "certificates"
MISSING = "no nginx here: install it (Debian, Ubuntu: apt install nginx-light)"
# Not always where programs of users are.
PATHS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin")
KIB, MIB = 1024, 1024 * 1024
#: The files it serves, by name, with their sizes in bytes. Those of megabytes are all zeros.
FILES = {"1k": KIB, "100k": 100 * KIB, "100m": 100 * MIB, "1g": 1024 * MIB}

CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    client_max_body_size 0;
    open_file_cache max=100;
    client_body_temp_path temp-body;
    proxy_temp_path temp-proxy;
    fastcgi_temp_path temp-fastcgi;
    uwsgi_temp_path temp-uwsgi;
    scgi_temp_path temp-scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_session_cache shared:tls:1m;
    # A client keeps as many streams of one connection for as long as it likes.
    http2_max_concurrent_streams 128;
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        listen unix:{folder}/socket;
        listen 127.0.0.1:{tls} ssl http2 backlog=4096;
        listen 127.0.0.1:{tls1} ssl backlog=4096;
        listen 127.0.0.1:{h2c} http2 backlog=4096;
        root files;
        location = /protocol {{ default_type text/plain; return 200 $server_protocol; }}
        location = /once {{ keepalive_timeout 0; default_type text/plain; return 200 once; }}
        location = /moved {{ return 302 /1k; }}
        location = /host {{ default_type text/plain; return 200 $http_host; }}
        location = /sni {{ default_type text/plain; return 200 $ssl_server_name; }}
        location = /busy {{ add_header Retry-After 0 always; return 503; }}
        location /upload/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
        location /compressed/ {{
            alias files/;
            gzip on;
            gzip_types *;
            gzip_min_length 1;
            gzip_proxied any;
        }}
        location /slow/ {{ alias files/; limit_rate 64k; }}
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Nginx:
    """A running server and its ports."""

    plain: int  # HTTP/1.1
    tls: int  # HTTP/2 or 1.1, as ALPN says
    tls1: int  # HTTP/1.1 over TLS
    h2c: int  # HTTP/2 without TLS, by prior knowledge
    folder: pathlib.Path
    process: int  # the id of its master

    @property
    def socket(self) -> str:
        """The path of the Unix socket of HTTP/1.1."""
        return str(self.folder / "socket")

    def url(self, path: str, port: str = "plain") -> str:
        """Where this path is, on the port of that name."""
        scheme, host = ("https", "localhost") if port.startswith("tls") else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{getattr(self, port)}{path}"

    def size(self, name: str) -> int:
        """The size of a file, in bytes."""
        return FILES[name]

    def file(self, name: str) -> bytes:
        """What it sends for a file."""
        return (self.folder / "files" / name).read_bytes()


def find() -> str | None:
    """The server's program."""
    return shutil.which("nginx") or shutil.which("nginx", path=":".join(PATHS))


def _write_files(folder: pathlib.Path) -> None:
    folder.mkdir()
    for name, size in FILES.items():
        with (folder / name).open("wb") as file:
            if size < MIB:
                line = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(100))
                file.write((line * (size // len(line) + 1))[:size])
            else:
                file.truncate(size)  # takes no room on the disk
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)


def _answers(port: int) -> bool:
    try:
        sock = socket.create_connection(("127.0.0.1", port), processes.SECONDS)
    except ConnectionRefusedError:
        return False
    with sock:
        sock.sendall(b"GET /protocol HTTP/1.0\r\n\r\n")
        return sock.recv(100).startswith(b"HTTP/1.1 200")


@contextlib.contextmanager
def running(program: str):
    """The server, in a directory of its own."""
    with processes.directory() as path:
        path.chmod(0o755)
        _write_files(path / "files")
        # Root's workers would be another user's, to whom nothing here belongs.
        user = "user root;" if processes.unprivileged() else ""
        ports: dict[str, int] = {}

        def start(port):
            others = {name: processes.free_port() for name in ("tls", "tls1", "h2c")}
            ports.update(plain=port, **others)
            text = CONFIGURATION.format(
                user=user, certificate=CERTIFICATES / "server.pem", folder=path, **ports
            )
            (path / "nginx.conf").write_text(text)
            (path / "socket").unlink(missing_ok=True)
            return processes.Server(
                [program, "-e", "stderr", "-p", path, "-c", path / "nginx.conf"], path
            )

        server, _ = processes.start_on_free_port(start, _answers)
        try:
            yield Nginx(folder=path, process=server.process.pid, **ports)
        finally:
            server.stop()


def trusting() -> ssl.SSLContext:
    """A client's context that trusts its certificate."""
    return ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")
