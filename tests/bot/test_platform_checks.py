"""`thaw doctor` on platforms, by the real command line, against the emulators."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from adapters.discord import examination as discord_examination
from adapters.slack import examination as slack_examination
from adapters.telegram import examination as telegram_examination
from bot import platform_checks
from bot.finding import Level
from bot.platform_checks import platform_findings
from bot.platform_sections import DiscordSection, Platforms, SlackSection, TelegramSection
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


class Odd:
    """A server that is none of the platforms: it says the same to everybody, or never anything."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Platforms:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        root = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return everywhere(root)

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._answer:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer)
            elif self._answer is None:
                await reader.read()
        finally:
            writer.close()


def everywhere(root: str) -> Platforms:
    """All three platforms, looked for at one address."""
    return Platforms(
        slack=SlackSection(api_url=f"http://{root}/api/"),
        discord=DiscordSection(
            api_url=f"http://{root}/api/v10", gateway_url=f"ws://{root}/gateway"
        ),
        telegram=TelegramSection(api_url=f"http://{root}"),
    )


def answer(status: str, kind: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


PAGE = "<!doctype html><title>Sign in</title>"


@pytest.mark.parametrize(
    "said",
    [
        answer("200 OK", "text/html", PAGE),
        answer("502 Bad Gateway", "text/html", PAGE),
        answer("500 Oh", "application/json", '{"ok": false, "error": "internal_error"}'),
        answer("429 Slowly", "application/json", '{"ok": false, "error": "ratelimited"}'),
        answer("200 OK", "application/json", "[1, 2]"),
        answer("200 OK", "application/json", '{"ok": true}'),
        answer("200 OK", "application/json", '"ok"'),
        answer("200 OK", "application/json", ""),
        b"",
        b"\0\1\2 no HTTP at all\r\n",
    ],
    ids=["page", "bad gateway", "500", "429", "list", "bare", "text", "empty", "closes", "bytes"],
)
async def test_a_server_that_is_none_of_the_platforms_is_told_by_each_with_what_to_do(
    secrets: None, said: bytes
) -> None:
    async with Odd(said) as platforms:
        found = await platform_findings(platforms)
    assert [one.about for one in found if one.level is Level.PROBLEM] == [
        "slack", "discord", "telegram",
    ]  # fmt: skip
    for one in found:
        if one.level is Level.PROBLEM:
            assert f"[{one.about}] api_url" in one.advice, one
            assert "install the app" not in one.advice


async def test_servers_that_cannot_be_reached_are_told(secrets: None) -> None:
    found = await platform_findings(everywhere("127.0.0.1:1"))
    assert [(one.level, one.about) for one in found] == [
        (Level.PROBLEM, "slack"), (Level.PROBLEM, "discord"), (Level.PROBLEM, "telegram"),
    ]  # fmt: skip
    assert all(f"[{one.about}] api_url" in one.advice for one in found)


async def test_platforms_that_never_answer_are_told_in_time(
    secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert platform_checks.PATIENCE_S <= 15
    monkeypatch.setattr(platform_checks, "PATIENCE_S", 0.2)
    async with Odd(None) as platforms:
        found = await platform_findings(platforms)
    assert [(one.level, one.about) for one in found] == [
        (Level.PROBLEM, "slack"), (Level.PROBLEM, "discord"), (Level.PROBLEM, "telegram"),
    ]  # fmt: skip
    assert all("does not answer within 0.2 s" in one.text for one in found)
    assert all(f"[{one.about}] api_url" in one.advice for one in found)


async def test_each_platform_gives_up_on_a_call_well_before_the_whole_is_cut(
    secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = aiohttp.ClientTimeout(total=0.2)
    monkeypatch.setattr(slack_examination, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(discord_examination, "_TIMEOUT", short)
    monkeypatch.setattr(telegram_examination, "_TIMEOUT", short)
    async with Odd(None) as platforms:
        found = await platform_findings(platforms)
    assert [one.about for one in found] == ["slack", "discord", "telegram"]
    assert f"within {platform_checks.PATIENCE_S:g} s" not in str(found)
