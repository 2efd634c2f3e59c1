"""The configuration: every setting, its default, its bounds. Reads one TOML file and no more."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations
from pathlib import Path
from typing import Annotated, Literal

from bot import approvals_section, checks, money_sections
from bot.access import ACCESS, AccessSettings, DiscordAccess, SlackAccess, TelegramAccess
from bot.approvals_section import ApprovalSettings
from bot.care_sections import CARE, BackupSettings, HealthSettings
from bot.checks import printable, shown
from bot.fetch_section import FetchSettings
from bot.mcp_section import McpSettings
from bot.mcp_section import wrong as wrong_servers
from bot.money_sections import BudgetSettings, PriceSettings
from bot.patterns import overlap
from bot.platform_sections import (
    PLATFORMS,
    DiscordSection,
    Platforms,
    SlackSection,
    TelegramSection,
)
from bot.sections import Sections, numbered
from core.errors import ThawError

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
LARGEST_FILE = 1_000_000
SEARCHED_ANYWAY = {"messages", "state", "files"}
MERGING = {"counter": "adds up", "set": "combines", "log": "combines", "text": "merges by lines"}
OF_VALUES = {"latest", "first", "max", "min"}


class ConfigError(ThawError):
    """The configuration cannot be used; `lines` names each wrong thing with its key."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def default_data_dir() -> Path:
    """Return $XDG_DATA_HOME/thaw, or ~/.local/share/thaw. Raises ConfigError without a home."""
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    try:
        root = given if given.is_absolute() else Path.home() / ".local" / "share"
    except RuntimeError as error:
        line = "[bot] data_dir: must be set, because no home folder is known to put it in"
        raise ConfigError([line]) from error
    return root / "thaw"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSettings:
    """What the program keeps, is called, and says to its operator."""

    data_dir: Annotated[Path, checks.folder] = field(default_factory=default_data_dir)
    name: Annotated[str, checks.line(40)] = "Thaw"
    log: Annotated[Literal["text", "json"], checks.choice("text", "json")] = "text"
    timezone: Annotated[str, money_sections.zone] = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which model answers. Without a key for OpenAI's own server it is the offline model."""

    base_url: Annotated[str, checks.web_address] = OPENAI_URL
    name: Annotated[str, checks.line(200)] = "gpt-5.4-mini"
    subagent_name: Annotated[str | None, checks.line(200)] = None
    api_key_env: Annotated[str, checks.environment_name] = OPENAI_KEY
    timeout_s: Annotated[float, checks.seconds(0.1, 3600)] = 120.0
    max_completion_tokens: Annotated[int, checks.whole(1, 1_000_000)] = 8192
    summary_above: Annotated[int, checks.whole(0, 10_000_000)] = 40_000

    @property
    def api_key(self) -> str | None:
        """The key as the environment has it now; it is kept nowhere else."""
        return os.environ.get(self.api_key_env, "").strip() or None

    @property
    def offline(self) -> bool:
        """Whether the built-in offline model answers. A server of one's own may need no key."""
        return self.api_key is None and self.base_url == OPENAI_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the local page is. Port 0 lets the system choose a free one."""

    host: Annotated[str, checks.loopback] = "127.0.0.1"
    port: Annotated[int, checks.whole(0, 65535)] = 8484


@dataclass(frozen=True, slots=True, kw_only=True)
class SubagentSettings:
    """How many jobs run at once, and what each one may use."""

    sandbox: Annotated[
        Literal["auto", "bubblewrap", "docker", "process"],
        checks.choice("auto", "bubblewrap", "docker", "process"),
    ] = "auto"
    image: Annotated[str | None, checks.image_name] = None
    max_running: Annotated[int, checks.whole(1, 1000)] = 32
    per_channel: Annotated[int, checks.whole(1, 1000)] = 16
    per_person: Annotated[int, checks.whole(1, 1000)] = 16
    per_message: Annotated[int, checks.whole(1, 1000)] = 8
    confirm_above: Annotated[int | None, checks.whole(0, 1000)] = None
    max_steps: Annotated[int, checks.whole(1, 10_000)] = 60
    ask_expires: Annotated[int, checks.whole(1, 2_592_000)] = 86_400
    timeout_s: Annotated[int, checks.whole(1, 604_800)] = 3600
    memory_mb: Annotated[int, checks.whole(32, 1_048_576)] = 1024
    processes: Annotated[int, checks.whole(8, 100_000)] = 128
    disk_mb: Annotated[int, checks.whole(1, 1_048_576)] = 1024
    summary_above: Annotated[int, checks.whole(0, 10_000_000)] = 80_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSettings:
    """How long the past of the channels' states is kept."""

    keep_days: Annotated[int, checks.whole(1, 36_500)] = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """A folder that is indexed for search and shown to sandboxes, read-only."""

    name: Annotated[str, checks.short_name]
    path: Annotated[Path, checks.readable_folder]
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)
    index: Annotated[Literal["words", "trigrams"], checks.choice("words", "trigrams")] = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillSettings:
    """A folder of skills, each a folder with a SKILL.md."""

    path: Annotated[Path, checks.readable_folder]
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """What the keys under a pattern are (`kind`) or how they merge (`rule`): one of the two."""

    keys: Annotated[str, checks.pattern]
    rule: Annotated[
        Literal["ask", "latest", "first", "max", "min", "propose", "together"] | None,
        checks.choice("ask", "latest", "first", "max", "min", "propose", "together"),
    ] = None
    kind: Annotated[
        Literal["counter", "set", "log", "record", "text", "value"] | None,
        checks.choice("counter", "set", "log", "record", "text", "value"),
    ] = None
    channels: Annotated[tuple[str, ...], checks.channel_patterns] = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. `file` is where they came from; None means that all are defaults.

    `page`: whether the local page is served. A file that has platforms starts those alone, and
    the page only if it has [web] too.
    """

    file: Path | None = None
    page: bool = True
    bot: BotSettings = field(default_factory=BotSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    web: WebSettings = field(default_factory=WebSettings)
    platforms: Platforms = field(default_factory=Platforms)
    access: AccessSettings = field(default_factory=AccessSettings)
    subagents: SubagentSettings = field(default_factory=SubagentSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    state: StateSettings = field(default_factory=StateSettings)
    backup: BackupSettings | None = None
    health: HealthSettings | None = None
    prices: tuple[PriceSettings, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    fetch: tuple[FetchSettings, ...] = ()
    skills: tuple[SkillSettings, ...] = ()
    mcp: tuple[McpSettings, ...] = ()
    approvals: tuple[ApprovalSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()


SECTIONS: dict[str, type] = {
    "bot": BotSettings,
    "model": ModelSettings,
    "web": WebSettings,
    **PLATFORMS,
    **ACCESS,
    "subagents": SubagentSettings,
    "budget": BudgetSettings,
    "prices": PriceSettings,
    "state": StateSettings,
    **CARE,
    "sources": SourceSettings,
    "fetch": FetchSettings,
    "skills": SkillSettings,
    "mcp": McpSettings,
    "approvals": ApprovalSettings,
    "rules": RuleSettings,
}


def load(path: Path | None) -> Config:
    """Read the file, or take the defaults without one. Raises ConfigError with all errors."""
    if path is None:
        return Config()
    tables = _parse(path)
    file = Path(os.path.abspath(path))  # noqa: PTH100 - a linked file's neighbours are the link's
    sections = Sections(tables, SECTIONS, file.parent)
    bot, web = sections.one("bot", BotSettings), sections.one("web", WebSettings)
    model = sections.one("model", ModelSettings)
    platforms, access = _platforms(sections), _access(sections)
    subagents = sections.one("subagents", SubagentSettings)
    budget, state = sections.one("budget", BudgetSettings), sections.one("state", StateSettings)
    backup = sections.maybe("backup", BackupSettings)
    health = sections.maybe("health", HealthSettings)
    sources = sections.many("sources", SourceSettings)
    fetch, skills, servers, approvals = _tools(sections)
    prices, rules = sections.many("prices", PriceSettings), sections.many("rules", RuleSettings)
    wrong = [
        *sections.errors,
        *platforms.clashes(),
        *access.wrong(),
        *chain(_model(model), _image(subagents)),
        *money_sections.twice(prices),
        *_folders(sources, backup, bot),
        *(_skills(skills, bot) if bot else ()),
        *_rules(rules),
    ]
    if wrong or not (bot and model and web and subagents and budget and state):
        raise ConfigError(wrong)
    return Config(
        file=file,
        bot=bot,
        model=model,
        web=web,
        page="web" in tables or not platforms.names,
        platforms=platforms,
        access=access,
        subagents=subagents,
        budget=budget,
        prices=tuple(price for price in prices if price),
        state=state,
        backup=backup,
        health=health,
        sources=tuple(source for source in sources if source),
        fetch=fetch,
        skills=skills,
        mcp=servers,
        approvals=approvals,
        rules=tuple(rule for rule in rules if rule),
    )


def _parse(path: Path) -> dict[str, object]:
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([f"{name}: cannot be read: {reason}"]) from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(
            [f"{name}: is larger than {LARGEST_FILE} bytes, so it is no configuration"]
        )
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{name}: is not UTF-8 text (line {line})"]) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{name}: is not valid TOML: {printable(str(error))}"]) from error


def _platforms(sections: Sections) -> Platforms:
    return Platforms(
        slack=sections.maybe("slack", SlackSection),
        discord=sections.maybe("discord", DiscordSection),
        telegram=sections.maybe("telegram", TelegramSection),
    )


def _tools(
    sections: Sections,
) -> tuple[
    tuple[FetchSettings, ...],
    tuple[SkillSettings, ...],
    tuple[McpSettings, ...],
    tuple[ApprovalSettings, ...],
]:
    fetch = sections.some("fetch", FetchSettings)
    skills = sections.some("skills", SkillSettings)
    servers = sections.many("mcp", McpSettings)
    approvals = sections.some("approvals", ApprovalSettings)
    sections.errors += [*wrong_servers(servers), *approvals_section.wrong(approvals)]
    return (
        tuple(one for one in fetch if one),
        tuple(one for one in skills if one),
        tuple(one for one in servers if one),
        tuple(one for one in approvals if one),
    )


def _access(sections: Sections) -> AccessSettings:
    # What is wrong in one is among the errors, and then these are never used.
    return AccessSettings(
        slack=sections.one("access.slack", SlackAccess) or SlackAccess(),
        discord=sections.one("access.discord", DiscordAccess) or DiscordAccess(),
        telegram=sections.one("access.telegram", TelegramAccess) or TelegramAccess(),
    )


def _model(model: ModelSettings | None) -> Iterator[str]:
    if model and model.api_key_env != OPENAI_KEY and model.api_key is None:
        yield f"[model] api_key_env: the environment variable {model.api_key_env} is not set"


def _image(subagents: SubagentSettings | None) -> Iterator[str]:
    if subagents and subagents.sandbox == "docker" and subagents.image is None:
        yield '[subagents] image: must be set for sandbox = "docker", such as "python:3.12-slim"'


def _folders(
    sources: tuple[SourceSettings | None, ...],
    backup: BackupSettings | None,
    bot: BotSettings | None,
) -> Iterator[str]:
    yield from _sources(sources, bot)
    if backup and bot and _shared(backup.dir, bot.data_dir):
        yield "[backup] dir: must be apart from [bot] data_dir, on another disk at best"


def _sources(sources: tuple[SourceSettings | None, ...], bot: BotSettings | None) -> Iterator[str]:
    places: dict[str, str] = {}
    for at, source in enumerate(sources):
        if source is None:
            continue
        place = numbered("sources", at)
        if source.name in SEARCHED_ANYWAY:
            yield f"{place} name: {shown(source.name)} is always searched; choose another name"
        if source.name in places:
            yield f"{place} name: {shown(source.name)} is the name of {places[source.name]} too"
        places.setdefault(source.name, place.rstrip(","))
        if bot and _shared(source.path, bot.data_dir):
            yield f"{place} path: must be apart from [bot] data_dir, where every channel's data is"


def _skills(skills: tuple[SkillSettings, ...], bot: BotSettings) -> Iterator[str]:
    for one in skills:
        if _shared(one.path, bot.data_dir):
            yield "[skills] path: must be apart from [bot] data_dir, where every channel's data is"


def _shared(source: Path, data_dir: Path) -> bool:
    one, other = Path(os.path.realpath(source)), Path(os.path.realpath(data_dir))
    return one.is_relative_to(other) or other.is_relative_to(one)


def _rules(rules: tuple[RuleSettings | None, ...]) -> Iterator[str]:
    sound = []
    for at, rule in enumerate(rules):
        if rule and (rule.rule is None) == (rule.kind is None):
            yield f"{numbered('rules', at)} rule: must be set, or kind instead of it, not both"
        elif rule:
            sound.append((at, rule))
    for (first, one), (second, other) in combinations(sound, 2):
        clash = _clash(one, other)
        if clash and overlap(one.keys, other.keys) and _meet(one.channels, other.channels):
            place = numbered("rules", first).rstrip(",")
            yield (
                f"{numbered('rules', second)} keys: {shown(other.keys)} overlaps "
                f"{shown(one.keys)} of {place}, and they disagree: {clash}"
            )


def _clash(one: RuleSettings, other: RuleSettings) -> str | None:
    if one.rule and other.rule:
        return f"{one.rule} and {other.rule}" if one.rule != other.rule else None
    if one.kind and other.kind:
        return f"{one.kind} and {other.kind}" if one.kind != other.kind else None
    kind, rule = one.kind or other.kind, one.rule or other.rule
    if kind in MERGING and rule in OF_VALUES:
        return f"a {kind} {MERGING[kind]}, so {rule} can never apply"
    return None


def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return any(overlap(one, other) for one in some for other in others)
