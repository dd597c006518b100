"""What is measured, one module a family. A new one gets its place in ALL."""

from benches.families.base import Family
from benches.families.connections import Connections
from benches.families.cpu import Cpu
from benches.families.databases import Databases
from benches.families.datagrams import Datagrams
from benches.families.echo import Echo
from benches.families.http import Http
from benches.families.http2 import Http2
from benches.families.idle import Idle
from benches.families.interrupt import Interrupt
from benches.families.micro import Micro
from benches.families.servers import Servers
from benches.families.startup import Startup
from benches.families.tail import Tail
from benches.families.tls import Tls
from benches.families.unix import Unix

ALL: tuple[type[Family], ...] = (
    Echo,
    Cpu,
    Tail,
    Datagrams,
    Unix,
    Tls,
    Connections,
    Micro,
    Servers,
    Http,
    Http2,
    Databases,
    Idle,
    Interrupt,
    Startup,
)
