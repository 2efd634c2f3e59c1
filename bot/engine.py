"""Makes the engine that the configuration asks for: local, in the sandbox that works here."""

from functools import partial

import structlog

from bot.config import Config, SourceSettings
from core.approvals.rules import ApprovalRule, ApprovalRules
from core.jobs.job import JobSpec, Steering
from core.messages import ChannelRef
from core.ports import Finder, MeteredModel, Servers, Web
from core.records import jobs
from core.search.sources import Sources
from core.skills import Skill, Skills, read_skills, together
from core.state.channels import Channels
from core.subagents.engine.bounds import Bounds
from core.subagents.engine.local import LocalEngine
from core.subagents.sandbox import Mount
from core.subagents.sandbox.choose import choose

log = structlog.get_logger(__name__)


def local_engine(
    config: Config,
    channels: Channels,
    model: MeteredModel,
    finder: Finder,
    sources: Sources,
) -> LocalEngine:
    """The engine on this machine; it finds out at its start how sandboxes can be run."""
    paths = {source.name: source for source in config.sources}

    async def steering(job: JobSpec, after: int) -> tuple[Steering, ...]:
        read = partial(jobs.steering, number=job.number, after=after)
        return await channels.read(job.thread.channel, read)

    skills = config_skills(config)
    for line in skills.wrong:
        log.warning("a skill cannot be used", finding=line)

    def mounts(channel: ChannelRef) -> tuple[Mount, ...]:
        folders = (_mount(paths[name]) for name in sources.visible(channel))
        return (*folders, *(_skill(one) for one in skills.of(channel)))

    everywhere = (
        *(_mount(source) for source in config.sources if "*" in source.channels),
        *(_skill(one) for one in skills.found if "*" in one.channels),
    )
    return LocalEngine(
        data_dir=config.bot.data_dir,
        channels=channels,
        model=model,
        finder=finder,
        steering=steering,
        mounts=mounts,
        everywhere=everywhere,
        choose=partial(
            choose,
            config.subagents.sandbox,
            config.bot.data_dir / "sandbox",
            image=config.subagents.image or "",
        ),
        bounds=Bounds(
            memory_mb=config.subagents.memory_mb,
            processes=config.subagents.processes,
            disk_mb=config.subagents.disk_mb,
            transcript=config.subagents.summary_above,
        ),
        web=_web(config),
        servers=_servers(config),
        approvals=ApprovalRules(rules_of(config)),
    )


def rules_of(config: Config) -> list[ApprovalRule]:
    """What is marked in so many words, then what waits because nobody says that it only reads."""
    servers = (one.rule for one in config.mcp)
    return [*(one.rule for one in config.approvals), *(rule for rule in servers if rule)]


def _web(config: Config) -> Web | None:
    allowances = [one.allowance for one in config.fetch if one.hosts]
    if not allowances:
        return None
    # Loaded only where something may be fetched.
    from core.fetch.allowed import Allowed  # noqa: PLC0415
    from core.fetch.fetcher import Fetcher  # noqa: PLC0415

    return Fetcher(Allowed(allowances))


def _servers(config: Config) -> Servers | None:
    if not config.mcp:
        return None
    # Loaded only where there are servers.
    from core.mcp.servers import Servers as McpServers  # noqa: PLC0415

    servers = [one.server for one in config.mcp]
    for one in servers:
        if one.lacks:
            log.warning("a server of tools cannot be used", server=one.name, finding=one.lacks)
    return McpServers(servers)


def config_skills(config: Config) -> Skills:
    """The skills that the configuration names, as they are now. Blocks."""
    return together([read_skills(one.path, one.channels) for one in config.skills])


def _skill(skill: Skill) -> Mount:
    # No name of a source has a dot in it.
    return Mount(name=f"skill.{skill.name}", path=skill.folder, about=skill.description)


def _mount(source: SourceSettings) -> Mount:
    return Mount(name=source.name, path=source.path)
