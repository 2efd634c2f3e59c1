"""The configuration's [[mcp]]: servers of tools for jobs, and what each value may be."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from os import environ
from pathlib import Path
from typing import Annotated, Literal

from bot import checks
from bot.checks import Wrong, shown
from core.approvals.rules import ApprovalRule
from core.mcp.server import PREFIX, Server, seen_as

_MAY_ACT = "it may have effects outside"
_LED = "what others wrote may have led to it"
_PATTERN = re.compile(r"[A-Za-z0-9_./*?-]{1,128}")


def tool_list(value: object, _base: Path) -> tuple[str, ...]:
    """Names of tools, or patterns of them; at least one."""
    if not isinstance(value, list) or not value:
        raise Wrong(
            'must be a list of the tools that jobs may use, such as ["search_*", "get_issue"]; '
            f'["*"] is all, got {shown(value)}'
        )
    for one in value:
        if not isinstance(one, str) or not _PATTERN.fullmatch(one):
            raise Wrong(
                f"each one is the name of a tool, with * and ? or without, got {shown(one)}"
            )
    return tuple(value)


def command_line(value: object, _base: Path) -> tuple[str, ...]:
    """A program and its arguments."""
    if not isinstance(value, list) or not value or not all(_is_word(one) for one in value):
        raise Wrong(
            'must be a list of a program and its arguments, such as ["npx", "-y", "some-server"], '
            f"got {shown(value)}"
        )
    return tuple(value)


def _is_word(one: object) -> bool:
    return isinstance(one, str) and 0 < len(one) <= 4096 and "\0" not in one


def variable_list(value: object, base: Path) -> tuple[str, ...]:
    """Names of environment variables."""
    if not isinstance(value, list):
        raise Wrong('must be a list of names of environment variables, such as ["GITHUB_TOKEN"]')
    return tuple(checks.environment_name(one, base) for one in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class McpSettings:
    """A server, started by a command or asked at an address. There may be several of these."""

    name: Annotated[str, checks.short_name]
    tools: Annotated[tuple[str, ...], tool_list]
    command: Annotated[tuple[str, ...], command_line] = ()
    url: Annotated[str | None, checks.web_address] = None
    dir: Annotated[Path | None, checks.readable_folder] = None
    env: Annotated[tuple[str, ...], variable_list] = ()
    token_env: Annotated[str | None, checks.environment_name] = None
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)
    timeout_s: Annotated[float, checks.seconds(1, 3600)] = 60.0
    result_chars: Annotated[int, checks.whole(100, 100_000)] = 20_000
    read_only: Annotated[tuple[str, ...], tool_list] = ()
    ask: Annotated[
        Literal["untrusted", "always", "never"], checks.choice("untrusted", "always", "never")
    ] = "untrusted"

    @property
    def server(self) -> Server:
        """What it means to the core, with what the environment has now."""
        return Server(
            name=self.name,
            tools=self.tools,
            channels=self.channels,
            command=self.command,
            url=self.url or "",
            folder=self.dir or Path.home(),
            environment={one: environ[one] for one in self.env if one in environ},
            token=environ.get(self.token_env or "", "").strip() or None,
            timeout_s=self.timeout_s,
            result_chars=self.result_chars,
            lacks=self._lacks(),
        )

    @property
    def rule(self) -> ApprovalRule | None:
        """Which of its calls wait for a person's word; None: none do by this section."""
        if self.ask == "never":
            return None
        return ApprovalRule(
            tools=(f"{PREFIX}{self.name}__*",),
            untrusted=self.ask == "untrusted",
            spared=tuple(f"{PREFIX}{self.name}__{seen_as(one)}" for one in self.read_only),
            why=_MAY_ACT if self.ask == "always" else f"{_MAY_ACT}, and {_LED}",
        )

    def _lacks(self) -> str:
        if find_spec("mcp") is None:
            return 'the package mcp is not installed: pip install "thaw-bot[mcp]"'
        named = (*self.env, *([self.token_env] if self.token_env else []))
        unset = [one for one in named if not environ.get(one, "").strip()]
        return f"the environment variable {unset[0]} is not set" if unset else ""


def wrong(servers: Sequence[McpSettings | None]) -> Iterator[str]:
    """What is wrong with all of them together, a line each."""
    names = Counter(one.name for one in servers if one)
    for at, one in enumerate(servers):
        place = f"[[mcp]] no. {at + 1},"
        if one is None:
            continue
        if bool(one.command) == bool(one.url):
            yield f"{place} command: must be set, or url instead of it, not both"
        elif one.url and (one.env or one.dir):
            yield f"{place} env: env and dir are for a command; a url takes token_env"
        elif one.command and one.token_env:
            yield f"{place} token_env: is for a url; a command finds what env names"
        if names[one.name] > 1:
            yield f"{place} name: {shown(one.name)} is the name of another server too"
