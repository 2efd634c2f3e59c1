"""Which tool calls wait for a person's word, by the configuration. Pure; asks nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from yarl import URL

from core.approvals.shell import asks
from core.messages import ChannelRef
from core.state.operations import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Calls of `tools` (patterns of names) wait, in `channels` (patterns of platform/workspace/
    channel). Of `shell` only those that `commands` name, of `fetch` only those to `hosts`
    (patterns), where any are given. With `untrusted` only in jobs that have read what others than
    the person asking wrote: files, pages, results of tools. `spared` are patterns of tools that the
    rule is not about; `why` is said in place of its own words."""

    tools: tuple[str, ...]
    commands: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("*",)
    untrusted: bool = False
    spared: tuple[str, ...] = ()
    why: str = ""

    def reason(self, tool: str, arguments: Mapping[str, Json]) -> str | None:
        """Why the call waits, for people; None when it does not."""
        if not _named(tool, self.tools) or _named(tool, self.spared):
            return None
        if tool == "shell" and self.commands:
            return asks(str(arguments.get("command", "")), self.commands)
        if tool == "fetch" and self.hosts:
            return self._host(str(arguments.get("url", "")))
        return self.why or f"every call of {tool} asks here"

    def _host(self, url: str) -> str | None:
        try:
            host = (URL(url.strip()).raw_host or "").lower().rstrip(".")
        except ValueError:
            return "it cannot be told which host it asks"
        named = next((one for one in self.hosts if fnmatchcase(host, one)), None)
        return None if named is None else f"it asks {host}"


class ApprovalRules:
    """All rules of the configuration, in its order."""

    def __init__(self, rules: Sequence[ApprovalRule] = ()) -> None:
        self._rules = tuple(rules)

    def reason(
        self,
        channel: ChannelRef,
        tool: str,
        arguments: Mapping[str, Json],
        *,
        tainted: bool = True,
    ) -> str | None:
        """Why a call waits there, by the first rule that it falls under; None: it does not.

        `tainted`: the job has read what others wrote.
        """
        rules = (one for one in self._rules if _holds(one, channel) and tainted >= one.untrusted)
        found = (rule.reason(tool, arguments) for rule in rules)
        return next((why for why in found if why is not None), None)


def _named(tool: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(tool, pattern) for pattern in patterns)


def _holds(rule: ApprovalRule, channel: ChannelRef) -> bool:
    return any(fnmatchcase(str(channel), p.replace("[", "[[]")) for p in rule.channels)
