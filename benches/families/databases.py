"""Clients of databases: the loop under test on one core, PostgreSQL or Redis on another.

The servers are started as tests/downstream does it, for each round anew.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from benches import cores
from benches.families import base
from benches.families.worker import WorkerParticipant
from benches.model import Case, MeasureError, rate
from benches.settings import ROOT
from benches.target import Target

TASKS = (1, 20)
OPERATIONS = {
    "asyncpg": ("SELECT 1", "SELECT of 100 rows"),
    "redis-py": ("GET", "pipeline of 100 GET"),
}
# Behind the bench's own modules: only what no package here is named like is found there.
TESTS = str(ROOT / "tests")


class _Client(WorkerParticipant):
    program = "database_worker"
    # By client: the arguments that reach its server, or why there is none.
    addresses: dict[str, dict[str, Any] | str]

    def measure(self, case: Case) -> list[float]:
        client, operation, tasks = case.parameters
        address = self.addresses[str(client)]
        if isinstance(address, str):
            raise MeasureError(address, "not measured")
        seconds = self.bench.settings.echo_seconds
        self.core = self.bench.cores.client
        self.patience = seconds + base.STARTS_WITHIN
        request = {"operation": operation, "tasks": tasks, "seconds": seconds, "address": address}
        return [self.ask(request)]


@contextlib.contextmanager
def servers() -> Iterator[dict[str, dict[str, Any] | str]]:
    """What runs, by client."""
    if TESTS not in sys.path:
        sys.path.append(TESTS)
    from downstream import postgres_server, redis_server

    addresses: dict[str, dict[str, Any] | str] = {
        "asyncpg": postgres_server.MISSING,
        "redis-py": redis_server.MISSING,
    }
    with contextlib.ExitStack() as stack:
        if programs := postgres_server.find():
            postgres = stack.enter_context(postgres_server.running(programs))
            addresses["asyncpg"] = postgres.tcp()
        if program := redis_server.find():
            redis = stack.enter_context(redis_server.running(program))
            addresses["redis-py"] = {"host": "127.0.0.1", "port": redis.port}
        yield addresses


class Databases(base.Family):
    name = "databases"
    title = "Databases"
    about = (
        "Round trips a second of a client to a server on this machine: asyncpg with statements"
        " that are prepared, redis-py's asyncio client with a value of 100 bytes; by one task, and"
        " by 20 at once, each with a connection of its own."
    )
    rounds = 7
    quick_rounds = 1
    participant = _Client

    @contextlib.contextmanager
    def round(self) -> Iterator[dict[str, base.Participant]]:
        with contextlib.ExitStack() as stack:
            with cores.pinned(self.bench.cores.server):
                addresses = stack.enter_context(servers())
            participants = stack.enter_context(super().round())
            for participant in participants.values():
                assert isinstance(participant, _Client)
                participant.addresses = addresses
            yield participants

    @property
    def cases(self) -> list[Case]:
        return [
            Case(
                f"{client}, {operation}, {tasks} {'tasks' if tasks > 1 else 'task'}",
                (rate(),),
                (client, operation, tasks),
                f"{client}, {operation}" if tasks > 1 and "of" not in operation else "",
                client,
                f"{operation}, {tasks} {'tasks' if tasks > 1 else 'task'}",
                Target(1.0, "uvloop"),
            )
            for client, operations in OPERATIONS.items()
            for operation in operations
            for tasks in TASKS
        ]
