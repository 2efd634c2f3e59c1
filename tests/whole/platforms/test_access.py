"""The whole bot and strangers: silence everywhere, no trace on the disk, the way in by a code."""

import asyncio
from pathlib import Path

from bot.pairs import pair_of
from tests.emulators.script import Received, Reply
from tests.emulators.slack.people import Human
from tests.harness.bot import Sections
from tests.harness.play import say
from tests.harness.town import Town, town

ONLY: Sections = {
    "access.telegram": {"who": "paired", "admins": ("7",)},
    "access.slack": {"who": "listed", "people": ("U0ANNA",), "strangers": "Ask Anna."},
    "access.discord": {"who": "listed", "roles": ("77",)},
}


def echo(received: Received) -> Reply:
    """A model that repeats what it hears."""
    return say(f"heard {received.asked}")


async def on_telegram(t: Town, words: str) -> str:
    """What the bot says to Eve in private that has these words."""
    chat = t.telegram.world.chat(9, title="Eve")
    await t.telegram.until(lambda: any(words in (m.rich or m.text) for m in chat.said()))
    return next(m.rich or m.text for m in chat.said() if words in (m.rich or m.text))


async def test_a_stranger_is_let_in_by_a_code_for_good_and_out_again(tmp_path: Path) -> None:
    async with town(tmp_path, echo, sections=ONLY) as t:
        await t.start()
        world = t.telegram.world
        eve, group = world.chat(9, title="Eve"), world.chat(-5, "group", "Team")
        world.say(group, "/jobs", person=9)
        world.say(eve, "hello?", person=9)
        code = (await on_telegram(t, "Your code is ")).partition("code is ")[2][:9]
        assert group.said() == []
        assert not (t.bot.data / "channels" / "telegram").exists()
        await asyncio.to_thread(lambda: list(pair_of(t.bot.data, code, "Root")))
        await on_telegram(t, "You may use me now")
        world.say(eve, "one", person=9)
        await on_telegram(t, "heard one")
        await t.bot.kill()
        await t.bot.start()
        world.say(eve, "two", person=9)
        await on_telegram(t, "heard two")
        said = len(eve.said())
        world.say(world.chat(7), "/unpair 9")
        await t.telegram.until(lambda: any("any more" in m.text for m in world.chat(7).said()))
        world.say(eve, "three", person=9)
        # The bot that was started anew does not know that she had a code lately.
        await t.telegram.until(lambda: len(eve.said()) > said)
        assert "Your code is" in eve.said()[-1].text


async def test_strangers_on_slack_and_discord_get_silence_and_leave_nothing(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, echo, sections=ONLY) as t:
        await t.start()
        ben, channel = Human(t.slack, "U0BEN"), next(iter(t.discord.world.channels.values()))
        at_bot = f"<@{t.discord.world.me.id}>"
        stranger = t.discord.world.person("Ben", roles=("7",))
        friend = t.discord.world.person("Cora", roles=("77",))
        await ben.ask("hello")
        await ben.command("jobs")
        await t.discord.say(stranger, channel, f"{at_bot} hello")
        await t.discord.messages.until(lambda: t.discord.interactions.commands)
        made = await t.discord.interactions.command(stranger, channel, "jobs")
        assert await t.discord.interactions.unanswered(made)
        assert t.slack.workspace.posts("C0GEN") == []
        assert t.slack.workspace.hints("U0BEN") == []
        assert not (t.bot.data / "channels").exists()
        asked = await t.discord.say(friend, channel, f"{at_bot} mine")
        await t.discord.messages.until(
            lambda: (
                asked.id in t.discord.world.channels
                and "heard mine" in t.discord.world.channels[asked.id].texts
            )
        )
        await Human(t.slack).ask("mine")
        await t.slack.workspace.until(lambda: t.slack.workspace.posts("C0GEN"))
        assert len(t.model.received) == 2
