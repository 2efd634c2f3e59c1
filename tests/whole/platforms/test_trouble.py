"""Platforms that are down, refuse the token or answer HTML: the others are served meanwhile."""

import asyncio
from pathlib import Path

import pytest

from tests.emulators.discord.server import Fault as DiscordFault
from tests.emulators.script import Received, Reply
from tests.emulators.slack import Fault as SlackFault
from tests.emulators.telegram import Fault as TelegramFault
from tests.harness.bot import BotProcess, EndedAtStart, Sections
from tests.harness.people import Side, one
from tests.harness.play import say
from tests.harness.town import SECRETS, Town, town


def echo(received: Received) -> Reply:
    """A model that repeats what it hears."""
    return say(f"heard {received.asked}")


async def served(t: Town, *names: str) -> None:
    """People on these platforms, and on the page, get answers."""
    async with t.page as page:
        assert (await page.ask("hello")).text == "heard hello"
    async with asyncio.TaskGroup() as group:
        for side in t.sides:
            if side.name in names:
                group.create_task(answered(side), name=side.name)


async def answered(side: Side) -> None:
    """Somebody asks there as soon as the bot is there, and is answered."""
    await side.connected()
    await one(side, await side.ask("hello", 0), "heard hello")


async def test_what_is_down_or_refuses_the_token_at_the_start_touches_no_other(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, echo) as t:
        t.slack.revoked = True
        await t.telegram.close()
        await t.bot.start()
        await served(t, "discord")
        # Whoever comes for the second time has said what the first one brought.
        await t.slack.workspace.until(lambda: t.slack.calls["auth.test"] >= 2)
        assert "does not accept the bot's token" in t.bot.log()
        await t.telegram.open()
        t.slack.revoked = False
        await served(t, "slack", "telegram")


async def test_tokens_that_are_all_refused_are_told_and_never_shown_and_the_page_is_served(
    tmp_path: Path,
) -> None:
    wrong = {"DISCORD_TOKEN": "wrong-hush", "TELEGRAM_TOKEN": "4242:hush"}
    async with town(tmp_path, echo, environment=wrong) as t:
        t.slack.revoked = True
        await t.bot.start()
        await served(t)
        # Whoever comes for the second time has said what the first one brought.
        await t.telegram.until(lambda: t.telegram.count("getMe") >= 2)
        await t.slack.workspace.until(lambda: t.slack.calls["auth.test"] >= 2)
        log = t.bot.log()
        for told in ("does not accept the bot's token", "@BotFather", "Discord does not know"):
            assert told in log
        assert "hush" not in log


async def test_what_answers_html_touches_no_other_and_is_served_when_it_is_well_again(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, echo) as t:
        t.slack.faults.add("auth.test", *[SlackFault(kind="html", status=200)] * 2)
        t.telegram.faults.plan("getMe", *[TelegramFault(status=502, html=True)] * 2)
        t.discord.fail("GET", "/gateway/bot", DiscordFault(status=200, html=True), times=2)
        await t.bot.start()
        await served(t, "slack", "discord", "telegram")
        log = t.bot.log()
        for name in ("Slack cannot be reached", "Discord cannot be reached", "telegram is not"):
            assert name in log


@pytest.mark.parametrize("name", sorted(SECRETS))
async def test_a_secret_that_is_missing_is_told_at_the_start(tmp_path: Path, name: str) -> None:
    sections: Sections = {"slack": {}, "discord": {}, "telegram": {}}
    secrets = {key: value for key, value in SECRETS.items() if key != name}
    async with BotProcess(tmp_path, sections=sections, environment=secrets) as bot:
        with pytest.raises(EndedAtStart) as ended:
            await bot.start()
    assert ended.value.code == 2
    assert f"the environment variable {name} does not hold" in ended.value.said
    assert not any(secret in ended.value.said for secret in SECRETS.values())
