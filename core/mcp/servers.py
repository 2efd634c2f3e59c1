"""All servers together: which channel may use which of their tools, by which names. Starts none."""

import asyncio
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import structlog

from core.errors import BadRequest
from core.fencing import fenced
from core.mcp.connection import Connection, Unreachable
from core.mcp.server import PREFIX, Listing, Offer, Server, Tool, meaning, seen_as
from core.messages import ChannelRef
from core.model.chat import ToolSpec
from core.state.operations import Json

log = structlog.get_logger(__name__)

MOST_OFFERED = 100
"""Tools of all servers that one job is offered; model servers take 128 with those of the job."""
_LONGEST_NAME = 64
# What is wild in a pattern means nothing in a name.
_WILD = str.maketrans("*?", "__")


class Servers:
    """Implements core.ports.Servers."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._connections = {one.name: Connection(one) for one in servers}
        self._meant: dict[str, tuple[Connection, str]] = {}
        self._known: dict[str, str] = {}

    async def offer(self, channel: ChannelRef) -> Offer:
        """See core.ports.Servers."""
        asked = [one for one in self._connections.values() if allowed(one.server, channel)]
        answers = await asyncio.gather(*(self._listing(one) for one in asked))
        tools: dict[str, ToolSpec] = {}
        away = []
        for connection, listing in zip(asked, answers, strict=True):
            if listing is None:
                away.append(connection.server.name)
                continue
            for spec, tool in named(connection.server, listing):
                if len(tools) < MOST_OFFERED and spec.name not in tools:
                    tools[spec.name] = spec
                    self._meant[spec.name] = connection, tool.name
                    self._compare(connection.server, spec)
        return Offer(tools=tuple(tools.values()), away=tuple(away))

    async def call(self, channel: ChannelRef, name: str, arguments: Mapping[str, Json]) -> str:
        """See core.ports.Servers."""
        connection, tool = self._meant.get(name, (None, ""))
        if connection is None or not allowed(connection.server, channel):
            raise BadRequest(f"there is no tool {name!r} here")
        server = connection.server.name
        try:
            said = await connection.call(tool, arguments)
        except Unreachable as error:
            raise BadRequest(
                f"the server {server} gave no answer: {error}. The call may have had effects; look "
                "before you repeat it"
            ) from error
        return f"error: {said.text}" if said.failed else said.text

    async def close(self) -> None:
        """End all that run."""
        await asyncio.gather(*(one.close() for one in self._connections.values()))

    def _compare(self, server: Server, spec: ToolSpec) -> None:
        said = meaning(spec)
        if self._known.setdefault(spec.name, said) != said:
            self._known[spec.name] = said
            log.warning("a server describes a tool otherwise", server=server.name, tool=spec.name)

    async def _listing(self, connection: Connection) -> Listing | None:
        try:
            return await connection.listing()
        except Unreachable as error:
            name = connection.server.name
            log.warning("a server of tools cannot be used", server=name, finding=str(error))
            return None


def allowed(server: Server, channel: ChannelRef) -> bool:
    """Whether a channel's jobs may use a server."""
    return any(fnmatchcase(str(channel), one.replace("[", "[[]")) for one in server.channels)


def named(server: Server, listing: Listing) -> tuple[tuple[ToolSpec, Tool], ...]:
    """The tools as models see them: two that would have one name, or one too long, are left out."""
    found: dict[str, tuple[ToolSpec, Tool]] = {}
    for tool in listing.tools:
        name = f"{PREFIX}{server.name}__{seen_as(tool.name).translate(_WILD)}"
        if name not in found and len(name) <= _LONGEST_NAME:
            found[name] = _spec(server, name, tool), tool
    return tuple(found.values())


def _spec(server: Server, name: str, tool: Tool) -> ToolSpec:
    about = f"A tool of the server {server.name}, outside of the sandbox."
    if tool.description:
        about += f" It says of itself:\n{fenced(f'server {server.name}', tool.description)}"
    return ToolSpec(name=name, description=about, parameters=tool.schema)
