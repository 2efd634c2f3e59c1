"""What is known of a server of tools, and what it offers. Data only; starts nothing."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.model.chat import ToolSpec
from core.state.operations import Json

PREFIX = "mcp__"
"""How the name of every tool begins that a server has: mcp__SERVER__TOOL."""
_UNSOUND = re.compile(r"[^A-Za-z0-9_*?-]")


def seen_as(tool: str) -> str:
    """A tool's own name, or a pattern of names, as it stands in what models see."""
    return _UNSOUND.sub("_", tool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server, as the operator allows it: a `command` to start, or else a `url` to ask.

    `tools` are patterns of those that may be used, `channels` of platform/workspace/channel.
    `environment` is what the command finds in its own besides PATH, HOME and their like. `lacks`
    says why it cannot even be tried, "" if it can.
    """

    name: str
    tools: tuple[str, ...]
    channels: tuple[str, ...] = ("*",)
    command: tuple[str, ...] = ()
    url: str = ""
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    result_chars: int = 20_000
    lacks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as its server describes it, cut and cleaned: `schema` is one that models take."""

    name: str
    description: str
    schema: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a server has: `count` tools, of which these may be used; `left` says in lines which
    cannot be, and why."""

    tools: tuple[Tool, ...]
    count: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a job is offered: tools under the names that its model sees. `away` are the names of
    servers that cannot be used now."""

    tools: tuple[ToolSpec, ...] = ()
    away: tuple[str, ...] = ()


NOTHING = Offer()
"""Where there are no servers."""


def meaning(tool: ToolSpec) -> str:
    """What a tool is said to do and to take: two of one name that differ in it are not the same."""
    return json.dumps([tool.description, tool.parameters], sort_keys=True)
