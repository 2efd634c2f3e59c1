"""The sections [access.slack], [access.discord] and [access.telegram]: who may use the bot there.

Ids stand as the platform writes them. Decides nothing: that is core.rights.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from bot.checks import Check, Wrong, choice, shown
from core.rights import Access, Who

_LONGEST_TEXT = 300
_MOST_IDS = 10_000


def _ids(pattern: str, what: str) -> Check:
    """A list of ids; a number may stand without quotes, as TOML lets it. Comes back as a set."""
    form = re.compile(pattern)

    def check(value: object, _base: Path) -> frozenset[str]:
        if not isinstance(value, list) or len(value) > _MOST_IDS:
            raise Wrong(f"must be a list of {what}, got {shown(value)}")
        found = set()
        for item in value:
            id = str(item) if isinstance(item, int) and not isinstance(item, bool) else item
            # A name or a mention would match nobody, and nobody would be told why.
            if not isinstance(id, str) or not form.fullmatch(id):
                raise Wrong(f"must be a list of {what}, got {shown(item)} in it")
            found.add(id)
        return frozenset(found)

    return check


def _words(value: object, _base: Path) -> str:
    """One line of text, or ""."""
    if not isinstance(value, str):
        raise Wrong(f"must be text in quotes, got {shown(value)}")
    if len(value) > _LONGEST_TEXT or not value.isprintable():
        raise Wrong(f"must be one line of at most {_LONGEST_TEXT} characters, got {shown(value)}")
    return value.strip()


_SLACK_PEOPLE = _ids(
    r"[UW][A-Z0-9]{1,30}",
    'member ids such as ["U012AB3CD"] (Slack: the profile, the three dots, Copy member ID)',
)
_SLACK_CHANNELS = _ids(
    r"[CDG][A-Z0-9]{1,30}",
    'channel ids such as ["C012AB3CD"] (Slack: at the end of "View channel details")',
)
_DISCORD_IDS = _ids(
    r"[0-9]{1,20}",
    'numbers such as ["112233445566778899"] (Discord: Settings, Advanced, Developer Mode; '
    "then right-click, Copy ID)",
)
_TELEGRAM_PEOPLE = _ids(
    r"-?[0-9]{1,19}",
    'numbers such as ["123456789"] (`thaw pairs` shows those of people who wrote to the bot)',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackAccess:
    """Who may use the bot in Slack."""

    who: Annotated[Literal["members", "listed"], choice("members", "listed")] = "members"
    people: Annotated[frozenset[str], _SLACK_PEOPLE] = frozenset()
    channels: Annotated[frozenset[str], _SLACK_CHANNELS] = frozenset()
    admins: Annotated[frozenset[str], _SLACK_PEOPLE] = frozenset()
    strangers: Annotated[str, _words] = ""

    def access(self) -> Access:
        """The same, as the core takes it."""
        return Access(
            who=Who(self.who), people=self.people, channels=self.channels, admins=self.admins,
            strangers=self.strangers,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordAccess:
    """Who may use the bot in Discord."""

    who: Annotated[Literal["members", "listed"], choice("members", "listed")] = "members"
    people: Annotated[frozenset[str], _DISCORD_IDS] = frozenset()
    roles: Annotated[frozenset[str], _DISCORD_IDS] = frozenset()
    channels: Annotated[frozenset[str], _DISCORD_IDS] = frozenset()
    admins: Annotated[frozenset[str], _DISCORD_IDS] = frozenset()
    strangers: Annotated[str, _words] = ""

    def access(self) -> Access:
        """The same, as the core takes it."""
        return Access(
            who=Who(self.who), people=self.people, roles=self.roles, channels=self.channels,
            admins=self.admins, strangers=self.strangers,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramAccess:
    """Who may use the bot in Telegram."""

    who: Annotated[Literal["paired", "listed", "anyone"], choice("paired", "listed", "anyone")] = (
        "paired"
    )
    people: Annotated[frozenset[str], _TELEGRAM_PEOPLE] = frozenset()
    admins: Annotated[frozenset[str], _TELEGRAM_PEOPLE] = frozenset()
    strangers: Annotated[str, _words] = ""

    def access(self) -> Access:
        """The same, as the core takes it."""
        return Access(
            who=Who(self.who), people=self.people, admins=self.admins, strangers=self.strangers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSettings:
    """Who may use the bot, platform by platform."""

    slack: SlackAccess = field(default_factory=SlackAccess)
    discord: DiscordAccess = field(default_factory=DiscordAccess)
    telegram: TelegramAccess = field(default_factory=TelegramAccess)

    def of(self, platforms: tuple[str, ...]) -> dict[str, Access]:
        """For the core: the local page's people, and those of the platforms that are served."""
        served = {name: one.access() for name, one in self._all().items() if name in platforms}
        return {"web": Access(who=Who.ANYONE), **served}

    def wrong(self) -> Iterator[str]:
        """Lines about what is sound by itself and makes no sense together."""
        for name, one in self._all().items():
            access = one.access()
            if access.who is Who.LISTED and not (access.people or access.roles or access.admins):
                also = "roles or " if name == "discord" else ""
                yield (
                    f"[access.{name}] people: must name somebody (or {also}admins), because who is "
                    '"listed" and so nobody could use the bot'
                )

    def _all(self) -> Mapping[str, SlackAccess | DiscordAccess | TelegramAccess]:
        return {"slack": self.slack, "discord": self.discord, "telegram": self.telegram}


ACCESS: dict[str, type] = {
    "access.slack": SlackAccess,
    "access.discord": DiscordAccess,
    "access.telegram": TelegramAccess,
}


def without_admins(access: Mapping[str, Access]) -> Iterator[str]:
    """A line for each platform where everybody who may use the bot is as good as an admin."""
    for name, one in access.items():
        if name != "web" and not one.admins:
            line = (
                f"[access.{name}] admins names nobody: whoever may use the bot there may also "
                "stop jobs, resolve conflicts, change settings and forget"
            )
            if one.who is Who.PAIRED:
                line += "; let people in with `thaw pair CODE` on this machine"
            yield line
