"""Who gets in, and by which way: strangers, people who were paired, requests instead of sockets."""

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp

from tests.emulators.ports import held_port
from tests.emulators.script import Received, Reply
from tests.emulators.slack.http_events import HttpEvents
from tests.harness.bot import ROOT, BotProcess, Sections
from tests.harness.people import one
from tests.harness.play import say
from tests.harness.town import town

CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


def echo(received: Received) -> Reply:
    """A model that repeats what it hears."""
    return say(f"heard {received.asked}")


async def thaw(bot: BotProcess, *arguments: str) -> str:
    """What the command line says beside the bot."""
    config = str(bot.folder / "config.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, "--config", config,
        cwd=bot.folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    return said.decode()


async def test_strangers_get_silence_and_leave_nothing_and_who_is_let_in_is_answered(
    tmp_path: Path,
) -> None:
    sections: Sections = {
        "access.slack": {"who": "listed", "people": ("U0OTHER",)},
        "access.discord": {"who": "listed", "people": ("1",)},
        "access.telegram": {"who": "paired"},
    }
    async with town(tmp_path, echo, sections=sections) as t:
        await t.start()
        asked = [(side, await side.ask("hello", 0)) for side in t.sides]
        (telegram, question), others = asked[-1], asked[:-1]
        found = CODE.search((await one(telegram, question, "-")).text)
        assert found is not None
        await thaw(t.bot, "pair", found[0])
        await telegram.more(question, "and now")
        await one(telegram, question, "heard and now")
        for side, unheard in others:
            assert side.shown(unheard) == []
            assert not side.seen(unheard)
        channels = sorted(path.name for path in (t.bot.data / "channels").iterdir())
        assert channels == ["telegram"]
        assert len(t.model.received) == 1


async def test_slack_and_telegram_are_served_by_requests_too(tmp_path: Path) -> None:
    with held_port() as slack_port, held_port() as telegram_port:
        await by_requests(tmp_path, slack_port, telegram_port)


async def by_requests(folder: Path, slack_port: int, telegram_port: int) -> None:
    hook = f"http://127.0.0.1:{telegram_port}/telegram"
    sections: Sections = {
        "slack": {"mode": "http", "port": slack_port},
        "telegram": {"mode": "webhook", "webhook_url": hook, "port": telegram_port},
    }
    secrets = {"SLACK_SIGNING_SECRET": "signing", "TELEGRAM_SECRET": "long-and-random"}
    async with town(folder, echo, sections=sections, environment=secrets) as t:
        url = f"http://127.0.0.1:{slack_port}/slack/events"
        t.slack.events = HttpEvents(url, "signing", (0.2, 0.5, 1.0, 2.0, 5.0, 20.0), 3.0)
        await t.bot.start()
        await t.telegram.until(lambda: t.telegram.count("setWebhook"))
        for side in (t.sides[0], t.sides[2]):
            await one(side, await side.ask("hello", 0), "heard hello")
        async with aiohttp.ClientSession() as session:
            async with session.post(url, json={"type": "event_callback"}) as forged:
                assert forged.status == 401
            async with session.post(hook, json={"update_id": 1}) as forged:
                assert forged.status == 403
