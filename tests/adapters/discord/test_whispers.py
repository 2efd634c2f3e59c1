import asyncio

from adapters.discord.adapter import DiscordAdapter
from core.messages import Person, Post, Press
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore, card, post
from tests.emulators.discord.interactions import Interaction
from tests.emulators.discord.server import DiscordServer, Fault

WORDS = "That is Ben's job."


async def pressed(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> tuple[Interaction, Press]:
    await bot.deliver(card(town.main))
    message = next(iter(town.general.messages.values()))
    made = await discord.interactions.press(town.anna, message, "Stop")
    return made, await core.press()


def refusal(press: Press) -> Post:
    alone = Person(id=press.person.id, name="Anna")
    return post(press.thread, WORDS, f"reply:press:{press.id}", alone=alone, press=press.id)


async def test_a_refusal_is_shown_to_who_pressed_alone_and_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    made, press = await pressed(bot, discord, core, town)
    await discord.interactions.answered(made)
    await bot.deliver(refusal(press))
    await bot.deliver(refusal(press))
    assert [one.content for one in made.private] == [WORDS]
    assert WORDS not in town.general.texts


async def test_a_refusal_waits_until_discord_has_its_first_answer(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    hold = asyncio.Event()
    discord.fail("POST", "/callback", Fault(wait=hold, after=True, status=200, body="{}"))
    made, press = await pressed(bot, discord, core, town)
    telling = asyncio.ensure_future(bot.deliver(refusal(press)))
    done, _ = await asyncio.wait({telling}, timeout=0.2)
    assert not done
    hold.set()
    await telling
    assert [one.content for one in made.private] == [WORDS]
    assert WORDS not in town.general.texts


async def test_who_cannot_be_told_alone_any_more_is_told_where_all_are(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town, start: Start
) -> None:
    made, press = await pressed(bot, discord, core, town)
    await discord.interactions.answered(made)
    discord.interactions.ages[made.id] = 1000
    await bot.deliver(refusal(press))
    assert WORDS in town.general.texts
    assert made.private == []


async def test_a_restart_forgets_whom_to_tell_alone_and_tells_all_the_same(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    first = await start()
    made, press = await pressed(first, discord, core, town)
    await discord.interactions.answered(made)
    await first.stop()
    second = await start()
    await second.deliver(refusal(press))
    assert WORDS in town.general.texts
