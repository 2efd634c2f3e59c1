"""Makes the configured platforms. Loads a platform's library only when that one is made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from os import environ

from bot.health import PlatformAdapter
from bot.platform import Platform
from bot.platform_sections import DiscordSection, Platforms, SlackSection, TelegramSection
from core.ports import Door, Guard, Places, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """The core, as every platform is given it."""

    door: Door
    guard: Guard
    window: Window
    places: Places


def make(platforms: Platforms, seams: Seams) -> tuple[Platform, ...]:
    """One for each that is configured; none is started yet."""
    return tuple(Platform(name, made) for name, made in _makers(platforms, seams))


def _makers(
    platforms: Platforms, seams: Seams
) -> Iterator[tuple[str, Callable[[], PlatformAdapter]]]:
    if platforms.slack is not None:
        yield "slack", partial(_slack, platforms.slack, seams)
    if platforms.discord is not None:
        yield "discord", partial(_discord, platforms.discord, seams)
    if platforms.telegram is not None:
        yield "telegram", partial(_telegram, platforms.telegram, seams)


def _slack(settings: SlackSection, seams: Seams) -> PlatformAdapter:
    from adapters.slack.adapter import SlackAdapter  # noqa: PLC0415 - see the module's first line

    return SlackAdapter(settings, seams.door, seams.window, seams.places, seams.guard)


def _discord(settings: DiscordSection, seams: Seams) -> PlatformAdapter:
    from adapters.discord.adapter import DiscordAdapter  # noqa: PLC0415 - likewise

    return DiscordAdapter(
        settings,
        settings.token(environ),
        door=seams.door,
        guard=seams.guard,
        window=seams.window,
        places=seams.places,
    )


def _telegram(settings: TelegramSection, seams: Seams) -> PlatformAdapter:
    from adapters.telegram.adapter import TelegramAdapter  # noqa: PLC0415 - likewise

    return TelegramAdapter(
        door=seams.door,
        guard=seams.guard,
        window=seams.window,
        places=seams.places,
        settings=settings,
    )
