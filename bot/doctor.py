"""`thaw doctor`: what is configured, what is missing, what to do. Looks only; changes nothing."""

import asyncio
import os
import shutil
import sys
import tempfile
from itertools import islice
from pathlib import Path

from bot.addresses import Address, address_findings
from bot.checks import printable
from bot.config import Config, SourceSettings, SubagentSettings
from bot.engine import config_skills
from bot.finding import Finding, Level
from bot.money_sections import BudgetSettings
from bot.platform_checks import platform_addresses, platform_findings
from bot.prices import book, price_finding
from core.errors import SandboxUnavailable, StoreError
from core.model.amounts import NO_LIMIT
from core.search.folder import Entry, survey
from core.state.control import known_channels, owner
from core.subagents.sandbox import cgroup
from core.subagents.sandbox.choose import choose

TOO_FULL = 500_000_000
MOST_FILES = 20_000
_NO_PAGE = Finding(
    level=Level.OK,
    about="page",
    text="not served beside the platforms; an empty section [web] serves it too",
)


async def examine(config: Config) -> list[Finding]:
    """Look at everything the bot will need. Takes up to some seconds; asks the model's server."""
    # Loaded only here: `thaw doctor` is the only command that needs it.
    from bot.mcp_check import mcp_findings  # noqa: PLC0415
    from bot.model_check import model_finding  # noqa: PLC0415

    data, (model, costs), places, (platforms, servers), sandbox, folders = await asyncio.gather(
        asyncio.to_thread(_data, config.bot.data_dir),
        asyncio.gather(model_finding(config.model), price_finding(config, book(config))),
        asyncio.to_thread(_addresses, config),
        asyncio.gather(platform_findings(config.platforms), mcp_findings(config.mcp)),
        _sandbox(config.subagents),
        asyncio.to_thread(lambda: [*map(_source, config.sources), *_skills(config)]),
    )
    return [
        _configuration(config), data, model, costs, *places, *platforms, sandbox,
        _budget(config.budget), *folders, *servers,
    ]  # fmt: skip


def _configuration(config: Config) -> Finding:
    python = ".".join(str(part) for part in sys.version_info[:3])
    where = f"read from {config.file}" if config.file else "no file, so all defaults hold"
    return Finding(level=Level.OK, about="settings", text=f"{where} (Python {python})")


def _data(folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    try:
        # Only trying tells for sure; the file never has a name.
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        text = f"{nearest} cannot be written to: {error.strerror}"
        advice = "give this user the right to write there, or set [bot] data_dir"
        return Finding(level=Level.PROBLEM, about="data", text=text, advice=advice)
    try:
        bot, channels = owner(folder), len(known_channels(folder))
    except (StoreError, OSError) as error:
        advice = "do what it says, or set [bot] data_dir to another folder"
        return Finding(level=Level.PROBLEM, about="data", text=str(error), advice=advice)
    free = shutil.disk_usage(nearest).free
    text = f"{folder}, channels: {channels:,}, {free / 1e9:.1f} GB free"
    if free < TOO_FULL:
        advice = "make room, or set [bot] data_dir to a larger disk"
        return Finding(level=Level.NOTE, about="data", text=text, advice=advice)
    if bot is not None:
        text = f"{text}; a bot uses it (pid {bot})"
        advice = "fine if that is this bot; another one needs a [bot] data_dir of its own"
        return Finding(level=Level.NOTE, about="data", text=text, advice=advice)
    return Finding(level=Level.OK, about="data", text=text)


def _addresses(config: Config) -> list[Finding]:
    """Where the bot listens: the page, what asks after its health, what platforms send."""
    web, health = config.web, config.health
    page = Address(about="page", section="[web]", host=web.host, port=web.port)
    places = [page] if config.page else []
    if health is not None:
        own = Address(about="health", section="[health]", host=health.host, port=health.port)
        places.append(own)
    places += platform_addresses(config.platforms)
    found = address_findings(places, config.bot.data_dir)
    return found if config.page else [_NO_PAGE, *found]


async def _sandbox(subagents: SubagentSettings) -> Finding:
    # In a folder of its own, so that a bot that runs is not disturbed and nothing is left.
    with tempfile.TemporaryDirectory(prefix="thaw-doctor-") as folder:
        try:
            choice = await choose(subagents.sandbox, Path(folder), image=subagents.image or "")
        except SandboxUnavailable as error:
            return Finding(level=Level.PROBLEM, about="sandbox", text=str(error))
    if choice.sandbox is None:
        text, advice = f"no job can run: {choice.finding}", "or set [subagents] sandbox"
        return Finding(level=Level.PROBLEM, about="sandbox", text=text, advice=advice)
    if subagents.sandbox == "process":
        advice = 'set [subagents] sandbox = "auto" unless only you use the bot'
        return Finding(level=Level.NOTE, about="sandbox", text=choice.finding, advice=advice)
    isolates = choice.sandbox.isolates
    bounded = subagents.sandbox == "docker" or (isolates and await asyncio.to_thread(_bounded))
    level = Level.OK if bounded else Level.NOTE
    return Finding(level=level, about="sandbox", text=choice.finding)


def _bounded() -> bool:
    """Whether the kernel itself holds jobs to their limits. Leaves no group behind."""
    groups = cgroup.find()
    if isinstance(groups, str):
        return False
    groups.remove()
    return True


def _budget(budget: BudgetSettings) -> Finding:
    further = {
        "a person a day": budget.per_person_day,
        "a channel a day": budget.per_channel_day,
        "a month": budget.per_month,
    }
    set_ones = [f"{one.words()} {what}" for what, one in further.items() if one != NO_LIMIT]
    text = "; ".join([f"{budget.per_job.words()} a job", *set_ones])
    if set_ones:
        return Finding(level=Level.OK, about="budget", text=text)
    advice = "set [budget] per_month, so that a busy month has an end"
    return Finding(level=Level.NOTE, about="budget", text=text, advice=advice)


def _source(source: SourceSettings) -> Finding:
    text = f"{source.name}: {source.path}"
    try:
        found = list(islice(survey(source.path, "", lambda _: None), MOST_FILES + 1))
    except OSError as error:
        text = f"{text} cannot be read: {error.strerror}"
        advice = "give this user the right to read it, or set its path"
        return Finding(level=Level.PROBLEM, about="source", text=text, advice=advice)
    count = f"more than {MOST_FILES:,}" if len(found) > MOST_FILES else f"{len(found):,}"
    text = f"{text}, {count} files"
    unread = [entry for entry in found if _unreadable(source.path, entry)]
    if unread:
        text = f"{text}, of which {len(unread):,} cannot be read, {unread[0].path} for one"
        advice = "give this user the right to read them, or leave them out"
        return Finding(level=Level.NOTE, about="source", text=text, advice=advice)
    return Finding(level=Level.OK, about="source", text=text)


def _skills(config: Config) -> list[Finding]:
    if not config.skills:
        return []
    skills = config_skills(config)
    text = ", ".join(skill.name for skill in skills.found) or "none found"
    advice = "mend the file, or take it away; the other skills are offered all the same"
    return [
        Finding(level=Level.OK, about="skills", text=text),
        *(
            Finding(level=Level.NOTE, about="skill", text=printable(line), advice=advice)
            for line in skills.wrong
        ),
    ]


def _unreadable(root: Path, entry: Entry) -> bool:
    if entry.stamp is None:
        return True
    return entry.skipped is None and not os.access(root / entry.path, os.R_OK)
