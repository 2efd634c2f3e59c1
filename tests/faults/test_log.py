"""All that a bot logs in a life with trouble: each line names what it is about, none tells what was
said, by people or models, nor a secret."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.discord.server import Fault as DiscordFault
from tests.emulators.script import Received, Reply
from tests.emulators.slack import Fault as SlackFault
from tests.emulators.telegram import Fault as TelegramFault
from tests.harness.people import Side, labelled, one
from tests.harness.play import Play, change, finish, shell, starting, write
from tests.harness.town import SECRETS, Town, town

MARK = "quokka"  # in everything that people and models say, and nowhere else
KEY = "sk-secret-of-the-model"
JOB = Play(
    {"work": starting(f"{MARK} work")},
    {
        f"{MARK} work": [
            shell(f"echo {MARK}"),
            write(f"{MARK}.txt", f"the {MARK}"),
            change(f"a.{MARK}", "put", MARK),
            finish(f"{MARK} is done", f"{MARK}.txt"),
        ]
    },
)
# What the lines of messages, turns, jobs and posts have to name.
IDS = {
    "kept": {"thread", "message"},
    "a turn has ended": {"thread", "message"},
    "a job works": {"thread", "job", "number"},
    "a job has ended": {"thread", "number"},
    "not sent, will try again": {"thread", "item"},
}
# Lines of the bot as such, or of a platform.
OF_THE_BOT = {
    "no admins", "how jobs run here", "all unfinished work is taken up", "connected to Discord",
    "connected to Slack", "connected to Telegram",
    "stopping; unfinished jobs go on at the next start",
    "the event loop is held", "the event loop goes on",
}  # fmt: skip


def script(received: Received) -> Reply:
    """Jobs, answers, and trouble."""
    if "broken" in received.asked:
        return Reply(status=400, body=json.dumps({"error": {"message": f"no {MARK} here"}}))
    if "work" in received.asked or "finish" in received.tools:
        return JOB(received)
    return Reply(text=f"{MARK} to you")


async def talk(side: Side) -> None:
    """One of each."""
    asked = await side.ask(f"hello {MARK}", 0)
    await one(side, asked, f"{MARK} to you")
    await side.more(asked, f"broken {MARK}")
    await one(side, asked, "could not get an answer")
    await side.more(asked, f"work {MARK}")
    await one(side, asked, f"{MARK} is done")
    await labelled(side, asked, "Details", without="Stop")
    await side.more(asked, f"/set b.{MARK} {MARK}")
    await one(side, asked, "Set", MARK)


def refuse_one(t: Town) -> None:
    """Each platform takes its first post only at the second try."""
    t.slack.faults.add("chat.postMessage", SlackFault(kind="status"))
    t.telegram.faults.plan("sendMessage", TelegramFault(status=502))
    t.discord.fail("POST", "/messages", DiscordFault(status=500))


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines()]


@pytest.mark.needs_system("bubblewrap")
async def test_lines_name_what_they_are_about_and_never_what_was_said(tmp_path: Path) -> None:
    environment = {"MODEL_KEY": KEY}
    sections = {"bot": {"log": "json"}, "model": {"api_key_env": "MODEL_KEY"}}
    async with town(tmp_path, script, sections=sections, environment=environment) as t:
        await t.start()
        refuse_one(t)
        await asyncio.gather(*map(talk, t.sides))
        held = await t.sides[2].ask(f"work {MARK}", 0)
        await labelled(t.sides[2], held, "Stop")
        await t.bot.kill()
        await t.bot.nothing_left()
        await t.start()
        await t.bot.stop()
        log = t.bot.log()
    assert t.model.received[0].headers["Authorization"] == f"Bearer {KEY}"
    for secret in (MARK, KEY, *SECRETS.values()):
        assert secret not in log
    found = lines(log)
    assert IDS.keys() <= {line["event"] for line in found}
    for line in found:
        wanted = set() if line["event"] in OF_THE_BOT else IDS.get(line["event"], {"thread"})
        assert wanted <= line.keys(), line
