"""Resolves a host once and hands out only addresses that may be connected to. Does not connect."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from core.errors import BadRequest
from core.fetch.addresses import Network, parsed, permitted

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, as texts. Raises OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


class CheckedResolver(AbstractResolver):
    """For one connector. What it returns is what the connector connects to, without asking again:
    a name that means another address a moment later gains nothing."""

    def __init__(self, ask: LookUp, private: Sequence[Network]) -> None:
        self._ask = ask
        self._private = tuple(private)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises OSError, and BadRequest if none may be connected to."""
        found = await self._ask(host, port)
        if not found:
            raise OSError(f"{host} has no address")
        kept = [one for one in found if self._permits(one)]
        if not kept:
            raise BadRequest(
                f"{host} leads to {found[0]}, which is not a public address, and the operator has "
                "not named it"
            )
        return [_result(host, one, port) for one in kept]

    async def close(self) -> None:
        """Nothing is held."""

    def _permits(self, text: str) -> bool:
        address = parsed(text)
        return address is not None and permitted(address, self._private)


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
