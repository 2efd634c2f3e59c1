"""What was said while the bot was down: read from the channels, once, in order, within bounds."""

import json
from dataclasses import replace

import pytest

from adapters.discord.adapter import DiscordAdapter
from core.messages import Deletion, Edit, Message
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore, post
from tests.emulators.discord.server import DiscordServer, Fault


async def talked(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town, number: int = 1
) -> str:
    """A word and its answer; returns the thread they are in. The bot is gone afterwards."""
    await discord.say(town.anna, town.general, town.mention("word 1"))
    thread = (await core.message(number)).thread
    await bot.deliver(post(thread, "the answer"))
    await bot.stop()
    core.adapter = None
    discord.gateway.sessions.clear()
    discord.limits.rest()  # it is down for longer than any limit lasts
    return thread.thread


def words(core: FakeCore) -> list[str]:
    return [one.text for one in core.kept.values() if isinstance(one, Message)]


async def test_what_was_said_while_the_bot_was_down_is_read_when_it_is_back(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    thread = await talked(await start(), discord, core, town)
    await discord.say(town.anna, discord.world.channels[thread], "word 2")
    await discord.say(town.ben, town.general, "not for the bot")
    await discord.say(town.ben, discord.world.channels[thread], "word 3")
    await start()
    await core.events(3)
    await discord.say(town.anna, discord.world.channels[thread], "word 4")
    await core.events(4)
    assert words(core) == ["word 1", "word 2", "word 3", "word 4"]


async def test_a_mention_in_a_channel_it_talks_in_is_found_too_and_has_its_own_thread(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await talked(await start(), discord, core, town)
    asked = await discord.say(town.ben, town.general, town.mention("word 2"))
    await start()
    message = await core.message(2)
    assert (message.text, message.thread) == ("word 2", town.thread(asked.id))


async def test_of_very_much_the_newest_is_read(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    thread = await talked(await start(), discord, core, town)
    place = discord.world.channels[thread]
    for number in range(2, 350):
        await discord.say(town.anna, place, f"word {number}")
    await start()
    await core.events(301)
    assert words(core)[1:] == [f"word {number}" for number in range(50, 350)][-300:]
    assert discord.asked("GET", f"/channels/{thread}/messages") == 3


async def test_who_is_in_by_a_role_is_still_in_though_the_channel_does_not_tell_roles(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    thread = await talked(await start(), discord, core, town)
    core.role = "77"
    cora = discord.world.person("Cora", roles=("77",))
    await discord.say(town.ben, discord.world.channels[thread], "let me in")
    await discord.say(cora, discord.world.channels[thread], "word 2")
    await start()
    message = await core.message(2)
    assert (message.text, set(message.author.roles)) == ("word 2", {"77"})


async def test_what_was_changed_while_the_bot_was_down_is_told_once(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await talked(await start(), discord, core, town)
    first = await core.message()
    said = town.general.messages[first.id]
    await discord.change(said, town.mention("word one"))
    await start()
    (edit,) = [one for one in await core.events(2) if isinstance(one, Edit)]
    assert (edit.message_id, edit.text) == (first.id, "word one")
    await discord.say(town.ben, town.general, town.mention("word 2"))
    await core.events(3)
    assert words(core) == ["word 1", "word 2"]


async def test_what_was_deleted_while_the_bot_was_down_is_told_once(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.say(town.ben, town.general, "what stands before it")
    await talked(await start(), discord, core, town)
    first = await core.message()
    del town.general.messages[first.id]
    await start()
    (deletion,) = [one for one in await core.events(2) if isinstance(one, Deletion)]
    assert deletion.message_id == first.id
    await discord.say(town.ben, town.general, town.mention("word 2"))
    await core.events(3)
    assert words(core) == ["word 1", "word 2"]


def deleted(core: FakeCore) -> list[str]:
    return [one.message_id for one in core.kept.values() if isinstance(one, Deletion)]


async def heard(core: FakeCore, text: str) -> None:
    """Return when the words came, and with them all that was told before them in their place."""
    while text not in words(core):
        await core.events(len(core.kept) + 1)


async def test_a_channel_whose_history_may_not_be_read_proves_no_deletion(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await talked(await start(), discord, core, town)
    town.general.messages.clear()
    await start()
    for number in (2, 3):
        await discord.say(town.ben, town.general, town.mention(f"word {number}"))
        await heard(core, f"word {number}")
    assert (words(core), deleted(core)) == (["word 1", "word 2", "word 3"], [])


async def test_what_was_said_before_it_was_heard_last_is_left_alone(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.say(town.ben, town.general, town.mention("long ago"))
    await talked(await start(), discord, core, town)
    await discord.say(town.ben, town.general, town.mention("word 2"))
    await start()
    await core.events(2)
    await discord.say(town.ben, town.general, town.mention("word 3"))
    await core.events(3)
    assert words(core) == ["word 1", "word 2", "word 3"]


async def test_a_command_is_no_message_and_so_was_not_deleted(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    await discord.say(town.ben, town.general, "what stands before it")
    bot = await start()
    await discord.interactions.command(town.anna, town.general, "thaw", text="the port is 8484")
    await core.message()
    await talked(bot, discord, core, town, number=2)
    await start()
    await discord.say(town.ben, town.general, town.mention("word 2"))
    await heard(core, "word 2")
    assert deleted(core) == []


async def test_a_page_that_cannot_be_read_whole_proves_no_deletion(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    before = await discord.say(town.ben, town.general, "what stands before it")
    await talked(await start(), discord, core, town)
    page = json.dumps([{"content": "of no id"}, before.payload(discord.world.users)])
    discord.fail("GET", f"/{town.general.id}/messages$", Fault(status=200, body=page))
    await start()
    await discord.say(town.ben, town.general, town.mention("word 2"))
    await heard(core, "word 2")
    assert discord.asked("GET", f"/{town.general.id}/messages$") == 1
    assert deleted(core) == []


@pytest.mark.parametrize(
    ("gone", "readable"), [(False, True), (True, True), (True, False)],
    ids=["it stands there", "it is gone", "nobody can say"],
)  # fmt: skip
async def test_a_thread_s_message_that_stands_in_the_channel_is_looked_for_there(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town, gone: bool, readable: bool
) -> None:
    thread = await talked(await start(), discord, core, town)
    said = await discord.say(town.anna, town.general, "no thread could be had")
    core.kept[said.id] = replace(await core.message(), id=said.id)
    if gone:
        del town.general.messages[said.id]
    if not readable:
        broken = Fault(status=200, body='[{"content": "of no id"}]')
        discord.fail("GET", f"/{town.general.id}/messages$", broken, times=9)
    await start()
    await discord.say(town.ben, discord.world.channels[thread], "word 2")
    await heard(core, "word 2")
    assert deleted(core) == ([said.id] if gone and readable else [])
