"""What the doctor finds about each server of tools, by asking it. Offers nothing to anybody."""

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase
from time import monotonic

from bot.checks import printable
from bot.finding import Finding, Level
from bot.mcp_section import McpSettings
from core.mcp.connection import Connection, Unreachable
from core.mcp.server import Listing
from core.mcp.servers import named

_SHOWN = 20


async def mcp_findings(servers: Sequence[McpSettings]) -> list[Finding]:
    """All servers at once; each is started, asked and ended again, within bounds."""
    found = await asyncio.gather(*(_examined(one) for one in servers))
    return [finding for findings in found for finding in findings]


async def _examined(settings: McpSettings) -> list[Finding]:
    connection = Connection(settings.server)
    began = monotonic()
    try:
        listing = await connection.listing()
    except Unreachable as error:
        text = f"{settings.name}: {printable(str(error))}"
        advice = "check its command or url and what it needs; jobs run without its tools until then"
        return [Finding(level=Level.PROBLEM, about="mcp", text=text, advice=advice)]
    finally:
        await connection.close()
    spent = monotonic() - began
    return [_tools(settings, listing, spent), *_notes(settings, listing)]


def _tools(settings: McpSettings, listing: Listing, spent: float) -> Finding:
    names = [tool.name for _, tool in named(settings.server, listing)]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = ", ".join(names[:_SHOWN]) + more
    text = f"{settings.name}: {len(names)} of its {listing.count} tools are offered"
    text += f" ({listed})" if names else ""
    return Finding(level=Level.OK, about="mcp", text=printable(f"{text}, asked in {spent:.1f} s"))


def _notes(settings: McpSettings, listing: Listing) -> list[Finding]:
    fit = {tool.name for _, tool in named(settings.server, listing)}
    lines = [
        f"{tool.name!r} has a name that is too long, or another's, with the server's before it"
        for tool in listing.tools
        if tool.name not in fit
    ]
    lines += listing.left
    notes = [
        Finding(
            level=Level.NOTE, about="mcp", text=printable(f"{settings.name}: {line}"),
            advice="this tool is not offered; the others are",
        )
        for line in lines
    ]  # fmt: skip
    seen = [tool.name for tool in listing.tools]
    for pattern in settings.tools:
        if not listing.left and not any(fnmatchcase(name, pattern) for name in seen):
            text = f'{settings.name}: it has no tool "{pattern}"'
            advice = "correct it in [[mcp]] tools"
            notes.append(Finding(level=Level.NOTE, about="mcp", text=text, advice=advice))
    return notes
