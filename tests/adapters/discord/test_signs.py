from adapters.discord.adapter import DiscordAdapter
from tests.adapters.discord.conftest import Town
from tests.adapters.discord.fake_core import FakeCore
from tests.emulators.discord.server import DiscordServer
from tests.emulators.discord.world import FORUM, PUBLIC_THREAD


async def test_where_the_bot_may_not_react_typing_says_that_a_message_was_seen(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "yes"
    discord.messages.lacking[town.general.id] = {"reactions"}
    await discord.say(town.anna, town.general, town.mention("one"))
    await discord.messages.until(lambda: discord.messages.typing == [town.general.id])
    await discord.say(town.anna, town.general, town.mention("two"))
    await core.delivered(2)
    assert discord.asked("PUT", "/reactions/") == 1  # what is refused is not asked for each time


async def test_a_message_that_is_gone_already_makes_nobody_wait(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "yes"
    said = await discord.say(town.anna, town.general, "among ourselves")
    del town.general.messages[said.id]
    said.content = town.mention("gone")
    await discord.again(said)
    await discord.was_asked("PUT", "/reactions/")
    await core.delivered(1)
    assert discord.messages.typing == []


async def test_the_first_message_of_a_forum_s_post_is_seen_where_it_stands(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    forum = discord.world.channel(town.guild, FORUM)
    await discord.gateway.dispatch("CHANNEL_CREATE", forum.payload(town.bot.id), town.guild.id)
    opened = discord.world.channel(town.guild, PUBLIC_THREAD, parent=forum, owner=town.anna)
    await discord.gateway.dispatch("THREAD_CREATE", opened.payload(town.bot.id), town.guild.id)
    first = await discord.say(town.anna, opened, town.mention("help"), id=opened.id)
    await discord.messages.until(lambda: first.reactions)
    assert (await core.message()).thread.thread == first.id
