"""Makes the engine that the configuration asks for: local, in the sandbox that works here."""

from functools import partial

from bot.config import Config, SourceSettings
from core.jobs.job import JobSpec, Steering
from core.messages import ChannelRef
from core.ports import Finder, MeteredModel, Web
from core.records import jobs
from core.search.sources import Sources
from core.state.channels import Channels
from core.subagents.engine.local import Bounds, LocalEngine
from core.subagents.sandbox import Mount
from core.subagents.sandbox.choose import choose


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

    def mounts(channel: ChannelRef) -> tuple[Mount, ...]:
        return tuple(_mount(paths[name]) for name in sources.visible(channel))

    return LocalEngine(
        data_dir=config.bot.data_dir,
        channels=channels,
        model=model,
        finder=finder,
        steering=steering,
        mounts=mounts,
        choose=partial(choose, config.subagents.sandbox, config.bot.data_dir / "sandbox"),
        bounds=Bounds(
            memory_mb=config.subagents.memory_mb,
            processes=config.subagents.processes,
            disk_mb=config.subagents.disk_mb,
        ),
        web=_web(config),
    )


def _web(config: Config) -> Web | None:
    allowances = [one.allowance for one in config.fetch if one.hosts]
    if not allowances:
        return None
    # Loaded only where something may be fetched.
    from core.fetch.allowed import Allowed  # noqa: PLC0415
    from core.fetch.fetcher import Fetcher  # noqa: PLC0415

    return Fetcher(Allowed(allowances))


def _mount(source: SourceSettings) -> Mount:
    return Mount(name=source.name, path=source.path)
