"""What the doctor finds about each configured platform, asked of the platform itself.

Loads what it needs of a platform only if that one is configured.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from os import environ

from adapters.examined import Examined
from bot.addresses import Address
from bot.finding import Finding, Level
from bot.platform_sections import DiscordSection, Platforms, SlackSection, TelegramSection

PATIENCE_S = 15.0


def platform_addresses(platforms: Platforms) -> list[Address]:
    """Where platforms' requests are awaited, of those that make some."""
    slack, telegram = platforms.slack, platforms.telegram
    found = []
    if slack is not None and slack.mode == "http":
        place = Address(
            about="slack", section="[slack]", host=slack.host, port=slack.port, path=slack.path
        )
        found.append(place)
    if telegram is not None and telegram.mode == "webhook":
        place = Address(
            about="telegram", section="[telegram]", host=telegram.host, port=telegram.port
        )
        found.append(place)
    return found


async def platform_findings(platforms: Platforms) -> list[Finding]:
    """All platforms at once; each takes some seconds at most, and none keeps the others out."""
    asked = []
    if platforms.slack is not None:
        asked.append(_found("slack", _slack(platforms.slack)))
    if platforms.discord is not None:
        asked.append(_found("discord", _discord(platforms.discord)))
    if platforms.telegram is not None:
        asked.append(_found("telegram", _telegram(platforms.telegram)))
    return [finding for findings in await asyncio.gather(*asked) for finding in findings]


async def _found(name: str, asked: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asked
    except TimeoutError:
        text = f"it does not answer within {PATIENCE_S:g} s"
        advice = f"check the network, a proxy, and [{name}] api_url"
        return [Finding(level=Level.PROBLEM, about=name, text=text, advice=advice)]


async def _slack(settings: SlackSection) -> list[Finding]:
    from adapters.slack.examination import examine  # noqa: PLC0415 - only where it is configured

    return _findings("slack", await examine(settings))


async def _discord(settings: DiscordSection) -> list[Finding]:
    from adapters.discord.examination import examine  # noqa: PLC0415 - likewise

    return _findings("discord", await examine(settings, environ))


async def _telegram(settings: TelegramSection) -> list[Finding]:
    from adapters.telegram.examination import examine  # noqa: PLC0415 - likewise

    return _findings("telegram", await examine(settings))


def _findings(name: str, seen: Iterable[Examined]) -> list[Finding]:
    return [
        Finding(level=Level(one.level), about=name, text=one.text, advice=one.advice)
        for one in seen
    ]
