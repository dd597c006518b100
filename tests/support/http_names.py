"""Resolvers for the HTTP clients under test."""

import socket

import pytest


def address(port, host="127.0.0.1", name="example.test"):
    """A result of a resolver."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return {
        "hostname": name,
        "host": host,
        "port": port,
        "family": family,
        "proto": 0,
        "flags": socket.AI_NUMERICHOST,
    }


@pytest.fixture
def resolver(client):
    """Makes a resolver that gives these addresses, and counts what it was asked."""

    class Resolver(client.abc.AbstractResolver):
        def __init__(self, *addresses, gate=None):
            self.addresses = addresses
            self.gate = gate
            self.asked = []
            self.closed = False

        async def resolve(self, host, port=0, family=socket.AF_INET):
            self.asked.append((host, port, family))
            if self.gate:
                await self.gate.wait()
            if isinstance(self.addresses[0], BaseException):
                raise self.addresses[0]
            return list(self.addresses)

        async def close(self):
            self.closed = True

    return Resolver
