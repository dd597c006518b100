"""A server that answers as badly as RFC 9110, 9112 and 9113 can be broken.

`CASES` is the table: each entry is a function from a request to what the server does, with what
the client's user is to see of it. They stand by subject: heads, framing, connections, bodies,
redirects, http2.
"""

from hostile import bodies, connections, framing, heads, http2, redirects
from hostile.case import CASES, Case, Differs
from hostile.server import HostileServer

SUBJECTS = (heads, framing, connections, bodies, redirects, http2)

__all__ = ["CASES", "SUBJECTS", "Case", "Differs", "HostileServer"]
