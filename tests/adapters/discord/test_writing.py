"""Threads that cannot be had, and those that can be had again."""

from adapters.discord.adapter import DiscordAdapter
from tests.adapters.discord.conftest import Town
from tests.adapters.discord.fake_core import FakeCore, card, place, post
from tests.emulators.discord.server import DiscordServer
from tests.emulators.discord.world import FORUM, PUBLIC_THREAD, Posted


async def opened(bot: DiscordAdapter, discord: DiscordServer, town: Town) -> Posted:
    """A question whose thread has an answer."""
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await bot.deliver(post(town.thread(said.id), "one", "answer:1"))
    return said


async def test_without_the_right_to_write_in_threads_the_channel_has_the_answer_and_the_card(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    said = await opened(bot, discord, town)
    discord.messages.lacking[town.general.id] = {"send in threads"}
    await bot.deliver(card(town.thread(said.id)))
    await bot.deliver(post(town.thread(said.id), "two", "answer:2"))
    _, shown, answer = town.general.messages.values()
    assert "Job 1" in shown.content
    assert (answer.content, answer.answers) == ("two", said)


async def test_a_locked_thread_is_used_again_when_somebody_can_speak_there_again(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    said = await opened(bot, discord, town)
    thread = discord.world.channels[said.id]
    thread.locked = True
    await bot.deliver(post(town.thread(said.id), "two", "answer:2"))
    thread.locked = False
    await discord.say(town.anna, thread, "and now?")
    await core.message(2)
    await bot.deliver(post(town.thread(said.id), "three", "answer:3"))
    assert town.general.texts[1:] == ["two"]
    assert thread.texts == ["one", "and now?", "three"]


async def test_without_the_right_to_read_history_an_answer_is_no_reply_but_there(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.messages.lacking[town.general.id] = {"threads", "history"}
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await bot.deliver(post(town.thread(said.id), "one"))
    assert town.general.texts[-1] == "one"


async def test_a_post_of_a_forum_that_nobody_announced_is_answered_inside(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    forum = discord.world.channel(town.guild, FORUM)
    old = discord.world.channel(town.guild, PUBLIC_THREAD, parent=forum, owner=town.anna)
    old.archived = True
    await bot.deliver(post(place(town.guild.id, forum.id, old.id), "late"))
    assert old.texts == ["late"]


async def test_where_no_thread_can_be_had_a_conversation_goes_on_by_replies(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    discord.messages.lacking[town.general.id] = {"threads"}
    core.answer = lambda message: f"heard {message.text}"
    asked = await discord.say(town.anna, town.general, town.mention("one"))
    for number, word in enumerate(("two", "three"), 1):
        await core.delivered(number)
        answer = list(town.general.messages.values())[-1]
        await discord.say(town.anna, town.general, word, answers=answer)
    await core.delivered(3)
    assert [one.thread for one in core.said()] == [town.thread(asked.id)] * 3
    assert town.general.texts[-1] == "heard three"
