"""A web server on loopback that says what a test wants, byte by byte. No test in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

from core.fetch.allowed import Allowance, Allowed, Host
from core.fetch.fetcher import Fetcher
from core.messages import ChannelRef

CHANNEL = ChannelRef(platform="web", workspace="local", channel="general")
NAME = "pages.test"

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Site:
    """One server. `says` has what it says to a request for each path; `asked` are the requests
    that came, whole; `looked_up` the names that were resolved."""

    port: int
    says: dict[str, bytes | Say] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    addresses: dict[str, list[Sequence[str]]] = field(default_factory=dict)

    def url(self, path: str, name: str = NAME) -> str:
        """Where a path is."""
        return f"http://{name}:{self.port}{path}"

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        """The resolver of these tests: the next answer for a name, the last one for ever."""
        self.looked_up.append(host)
        found = self.addresses.get(host, [("127.0.0.1",)])
        return found.pop(0) if len(found) > 1 else found[0]

    def fetcher(self, **changes: object) -> Fetcher:
        """A fetcher that may fetch from this site; `changes` are fields of its allowance."""
        return Fetcher(Allowed([self.allowance(**changes)]), ask=self.look_up)

    def allowance(self, **changes: object) -> Allowance:
        """What the operator named: this site, and that it is on loopback."""
        given: dict[str, object] = {
            "hosts": (Host(name=NAME, port=self.port), Host(name="*.pages.test", port=self.port)),
            "private": (ip_network("127.0.0.1"),),
            "timeout_s": 10.0,
        }
        return Allowance(**(given | changes))  # type: ignore[arg-type]


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """A server while the context lasts."""
    made = Site(port=0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            made.asked.append(request)
            said = made.says.get(request.split(" ")[1], ok(b"", kind="text/plain", status="404 No"))
            if isinstance(said, bytes):
                writer.write(said)
                await writer.drain()
            else:
                await said(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the fetcher has heard enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def ok(body: bytes, *headers: str, kind: str = "text/html", status: str = "200 OK") -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if kind:
        lines.append(f"Content-Type: {kind}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(location: str) -> bytes:
    """An answer that leads elsewhere."""
    return ok(b"", f"Location: {location}", status="302 Found")


async def nobody(url: str) -> bool:
    """Nobody wrote any URL."""
    return False


async def everybody(url: str) -> bool:
    """Every URL was written by the person asking."""
    return True
