"""The configuration's [approvals]: calls of tools that wait for a person's word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from bot import checks
from bot.checks import Wrong, printable, shown
from core.approvals.rules import ApprovalRule
from core.mcp.server import PREFIX
from core.subagents.tools import ASK, BY_NAME, FINISH, PROGRESS, READ_RESULT

_NEVER = {ASK.name, FINISH.name, PROGRESS.name, READ_RESULT.name}
_TOOLS = tuple(name for name in BY_NAME if name not in _NEVER)


def tool_patterns(value: object, _base: Path) -> tuple[str, ...]:
    """Names of tools, with * and ? or without; each has to name one."""
    found = _texts(value, 'a list of tools such as ["shell", "mcp__github__*"]')
    for one in found:
        served = one.startswith(PREFIX) or fnmatchcase(PREFIX, one)
        if not served and not any(fnmatchcase(tool, one) for tool in _TOOLS):
            raise Wrong(f"{shown(one)} is no tool; there are: {', '.join(_TOOLS)}, mcp__...")
    return found


def command_patterns(value: object, _base: Path) -> tuple[str, ...]:
    """Commands: the name of a program, and words that have to be there."""
    found = _texts(value, 'a list of commands such as ["rm", "git push"]')
    if any(one.split()[0].startswith("-") or "/" in one.split()[0] for one in found):
        raise Wrong('each begins with the name of a program, without its folder, such as "rm -rf"')
    return found


def host_patterns(value: object, _base: Path) -> tuple[str, ...]:
    """Hosts: names, with * and ? or without."""
    found = _texts(value, 'a list of hosts such as ["*.example.org"]')
    if any("/" in one or ":" in one for one in found):
        raise Wrong('each is the name of a host without scheme, port and path, such as "a.test"')
    return tuple(one.lower() for one in found)


def _texts(value: object, what: str) -> tuple[str, ...]:
    whole = value if isinstance(value, list) else []
    found = tuple(one.strip() for one in whole if isinstance(one, str))
    if not whole or len(found) < len(whole) or not all(map(_sound, found)):
        raise Wrong(f"must be {what}, got {shown(value)}")
    return found


def _sound(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSettings:
    """Tools whose calls wait, all of them or some. There may be several of these."""

    tools: Annotated[tuple[str, ...], tool_patterns]
    commands: Annotated[tuple[str, ...], command_patterns] = ()
    hosts: Annotated[tuple[str, ...], host_patterns] = ()
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)
    when: Annotated[Literal["always", "untrusted"], checks.choice("always", "untrusted")] = "always"

    @property
    def rule(self) -> ApprovalRule:
        """What it means to the core."""
        return ApprovalRule(
            tools=self.tools,
            commands=self.commands,
            hosts=self.hosts,
            channels=self.channels,
            untrusted=self.when == "untrusted",
        )


def wrong(settings: Sequence[ApprovalSettings | None]) -> Iterator[str]:
    """What cannot be meant: commands without shell, hosts without fetch."""
    for place, one in enumerate(settings, 1):
        for name, tool in (("commands", "shell"), ("hosts", "fetch")):
            given = one is not None and getattr(one, name)
            if one and given and not any(fnmatchcase(tool, pattern) for pattern in one.tools):
                tools = printable(", ".join(one.tools))
                yield f"[[approvals]] no. {place}, {name}: is about {tool}, but tools has {tools}"
