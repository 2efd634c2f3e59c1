"""`thaw doctor` on platforms, by the real command line, against the emulators."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.finding import Level
from bot.platform_checks import platform_findings
from bot.platform_sections import Platforms, TelegramSection
from tests.emulators.discord.server import TOKEN as DISCORD_TOKEN
from tests.emulators.discord.server import DiscordServer
from tests.emulators.slack import SlackServer
from tests.emulators.slack.server import APP_TOKEN, BOT_TOKEN
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.server import TOKEN as TELEGRAM_TOKEN

ROOT = Path(__file__).parents[2]
SECRETS = {
    "SLACK_BOT_TOKEN": BOT_TOKEN,
    "SLACK_APP_TOKEN": APP_TOKEN,
    "DISCORD_TOKEN": DISCORD_TOKEN,
    "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The three platforms, and a configuration that has all of them."""

    slack: SlackServer
    discord: DiscordServer
    telegram: TelegramServer
    config: Path


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer())
        discord = await stack.enter_async_context(DiscordServer())
        telegram = await stack.enter_async_context(TelegramServer())
        discord.world.guild()
        config = tmp_path / "config.toml"
        config.write_text(
            f"""
            [bot]
            data_dir = "data"
            [slack]
            api_url = "{slack.api_url}"
            [discord]
            api_url = "{discord.api_url}"
            gateway_url = "{discord.gateway_url}"
            [telegram]
            api_url = "{telegram.url}"
            """
        )
        yield Town(slack=slack, discord=discord, telegram=telegram, config=config)


async def doctor(town: Town, secrets: dict[str, str]) -> tuple[int, str]:
    """Run it: its exit code and all that it says."""
    clean = {name: value for name, value in os.environ.items() if name not in SECRETS}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", "--config", str(town.config),
        cwd="/", env=clean | {"PYTHONPATH": str(ROOT)} | secrets,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


def lines(said: str, about: str) -> list[str]:
    return [line for line in said.splitlines() if line[9:18].strip() == about]


async def test_three_sound_platforms_are_found_sound(town: Town) -> None:
    code, said = await doctor(town, SECRETS)
    assert code == 0, said
    for about in ("slack", "discord", "telegram", "page"):
        assert lines(said, about)
        assert all(line.startswith("ok ") for line in lines(said, about)), said
    assert "not served beside the platforms" in said
    for secret in SECRETS.values():
        assert secret not in said


async def test_each_platform_s_trouble_is_told_with_what_to_click_and_keeps_no_other_out(
    town: Town,
) -> None:
    town.slack.revoked = True
    town.discord.endpoint = "https://old.example.org"
    town.telegram.methods.privacy = False
    secrets = {name: value for name, value in SECRETS.items() if name != "SLACK_APP_TOKEN"}
    code, said = await doctor(town, secrets)
    assert code == 1
    (slack,) = lines(said, "slack")
    assert slack.startswith("problem ")
    assert "SLACK_APP_TOKEN" in slack
    assert [line[:7] for line in lines(said, "discord")].count("problem") == 1
    assert "Interactions Endpoint URL" in said
    assert "/setprivacy" in said
    assert "Traceback" not in said


async def test_a_platform_that_never_answers_is_told_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.platform_checks._PATIENCE_S", 0.01)
    monkeypatch.setattr("adapters.telegram.examination.examine", hang)
    (found,) = await platform_findings(Platforms(telegram=TelegramSection()))
    assert (found.level, found.about) == (Level.PROBLEM, "telegram")
    assert "[telegram] api_url" in found.advice
