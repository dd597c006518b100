"""What is measured, one module a family. A new one gets its place in ALL."""

from benches.families.base import Family
from benches.families.databases import Databases
from benches.families.echo import Echo
from benches.families.idle import Idle
from benches.families.interrupt import Interrupt
from benches.families.micro import Micro
from benches.families.servers import Servers
from benches.families.startup import Startup

ALL: tuple[type[Family], ...] = (Echo, Micro, Servers, Databases, Idle, Interrupt, Startup)
