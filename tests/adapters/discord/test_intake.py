import asyncio

from adapters.discord.adapter import DiscordAdapter
from core.errors import BadRequest, NotAllowed, StoreError
from core.messages import Deletion, Edit, Message
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore
from tests.emulators.discord.server import DiscordServer
from tests.emulators.discord.world import DM, PRIVATE_THREAD, PUBLIC_THREAD


async def test_the_same_message_twice_is_heard_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "yes"
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await discord.again(said)
    await discord.say(town.anna, town.general, town.mention("and?"))
    await core.events(2)
    assert len(core.kept) == 2


async def test_bots_webhooks_the_bot_itself_and_system_messages_are_not_heard(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    other = discord.world.person("Other bot", bot=True)
    await discord.say(other, town.general, town.mention("loop"))
    await discord.say(town.bot, town.general, town.mention("loop"))
    await discord.say(town.anna, town.general, town.mention("by webhook"), webhook="77")
    await discord.say(town.anna, town.general, town.mention("pinned"), kind=6)
    await discord.say(town.anna, town.general, "to nobody in particular")
    await discord.say(town.anna, town.general, town.mention("real"))
    assert (await core.message()).text == "real"


async def test_edits_and_deletions_by_people_are_told(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    said = await discord.say(town.anna, town.general, town.mention("deploy prod"))
    await discord.change(said, town.mention("deploy staging"))
    await discord.messages.remove(said)
    message, edit, deletion = await core.events(3)
    assert isinstance(edit, Edit)
    assert isinstance(deletion, Deletion)
    assert (edit.message_id, edit.text, edit.thread) == (said.id, "deploy staging", message.thread)
    assert (deletion.message_id, deletion.thread) == (said.id, message.thread)


async def test_an_unfurled_link_is_no_edit(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    said = await discord.say(town.anna, town.general, town.mention("see http://x.y"))
    said.embeds = [{"title": "X"}]
    await discord.gateway.dispatch(
        "MESSAGE_UPDATE", said.payload(discord.world.users) | {"guild_id": town.guild.id},
        town.guild.id,
    )  # fmt: skip
    await discord.say(town.anna, town.general, town.mention("next"))
    assert [type(event) for event in await core.events(2)] == [Message, Message]


async def test_files_come_with_their_message_and_too_large_ones_are_told(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    direct = discord.world.channel(None, DM)
    files = {"app.log": b"line\n" * 10, "huge.bin": bytes(21 * 2**20)}
    await discord.say(town.anna, direct, "what is wrong?", files=files)
    message = await core.message()
    assert core.files(message) == [("app.log", b"line\n" * 10)]
    assert core.problems(message) == ["huge.bin: it has 21 MB; 20 MB are the most for one file"]
    assert core.asked == ["app.log"]


async def test_a_file_that_lies_about_its_size_is_not_read_to_the_end(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    direct = discord.world.channel(None, DM)
    files = {"small.txt": bytes(22 * 2**20)}
    said = await discord.say(town.anna, direct, "tell me", files={})
    await core.message()
    discord.messages.attach(said, files)
    said.attachments[0]["size"] = 10
    said.id = str(int(said.id) + 1)
    direct.messages[said.id] = said
    said.attachments[0]["url"] = f"{discord.messages.base}/cdn/{direct.id}/{said.id}/small.txt"
    await discord.again(said)
    assert core.problems(await core.message(2)) == [
        "small.txt: it has more than 20 MB; 20 MB are the most for one file"
    ]


async def test_a_file_that_discord_does_not_hand_out_is_told(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    direct = discord.world.channel(None, DM)
    said = await discord.say(town.anna, direct, "tell me", files={})
    await core.message()
    discord.messages.attach(said, {"small.txt": b"x"})
    said.id = str(int(said.id) + 1)
    direct.messages[said.id] = said
    said.attachments[0]["url"] = f"{discord.messages.base}/cdn/{direct.id}/1/small.txt"
    await discord.again(said)
    assert core.problems(await core.message(2)) == [
        "small.txt: I could not get it from Discord: please send it again"
    ]


async def test_a_private_thread_is_a_channel_of_its_own(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    hidden = discord.world.channel(town.guild, PRIVATE_THREAD, parent=town.general, owner=town.bot)
    await discord.gateway.dispatch("THREAD_CREATE", hidden.payload(town.bot.id), town.guild.id)
    await discord.say(town.anna, hidden, "between us")
    thread = (await core.message()).thread
    assert (thread.channel.channel, thread.thread) == (hidden.id, "")


async def test_a_thread_that_was_not_announced_is_looked_up(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    old = discord.world.channel(town.guild, PUBLIC_THREAD, parent=town.general, owner=town.bot)
    await discord.say(town.anna, old, "are you still in here?")
    assert (await core.message()).thread == town.thread(old.id)


async def test_a_deletion_in_a_thread_that_was_not_announced_is_told(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    old = discord.world.channel(town.guild, PUBLIC_THREAD, parent=town.general, owner=town.bot)
    old.archived = True
    said = await discord.say(town.anna, old, "said long ago")
    await start()
    await discord.messages.remove(said)
    (deletion,) = await core.events(1)
    assert isinstance(deletion, Deletion)
    assert (deletion.message_id, deletion.thread) == (said.id, town.thread(old.id))


async def test_in_a_thread_that_is_opened_again_the_bot_is_still_in(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    old = discord.world.channel(town.guild, PUBLIC_THREAD, parent=town.general, owner=town.anna)
    old.members.add(town.bot.id)
    old.archived = True
    await start()
    old.archived = False
    opened = old.payload(town.bot.id)
    del opened["member"]  # this event never has it
    await discord.gateway.dispatch("THREAD_UPDATE", opened, town.guild.id)
    await discord.say(town.anna, old, "and now?")
    assert (await core.message()).thread == town.thread(old.id)


async def test_what_cannot_be_kept_now_is_kept_later_in_order(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors += [StoreError("disk")]
    first = await discord.say(town.anna, town.general, town.mention("one"))
    second = await discord.say(town.anna, town.general, town.mention("two"))
    await core.events(2)
    assert list(core.kept) == [first.id, second.id]


async def test_a_message_that_is_refused_says_why_and_a_stranger_s_says_nothing(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors += [BadRequest("Too long: send it in parts."), NotAllowed("no")]
    first = await discord.say(town.anna, town.general, town.mention("x"))
    await discord.messages.until(lambda: first.id in discord.world.channels)
    thread = discord.world.channels[first.id]
    await discord.messages.until(lambda: thread.texts == ["Too long: send it in parts."])
    second = await discord.say(town.ben, town.general, town.mention("y"))
    await discord.say(town.anna, town.general, town.mention("z"))
    await core.events(1)
    assert second.id not in discord.world.channels


async def test_a_stranger_hears_what_the_core_says_and_nothing_is_fetched(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.strangers.add(town.ben.id)
    core.word = "Ask Anna."
    private = discord.world.channel(None, DM)
    said = await discord.say(town.ben, private, "hello")
    await discord.messages.until(lambda: "Ask Anna." in private.texts)
    assert core.kept == {}
    assert said.reactions == []
    assert private.id not in discord.messages.typing


async def test_a_message_is_seen_when_it_is_read_also_while_the_core_cannot_keep_it(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.errors = [StoreError("the disk is full")]
    core.answer = lambda message: "kept"
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await discord.messages.until(lambda: said.reactions)
    assert core.kept == {}
    await discord.messages.until(lambda: said.id in discord.world.channels)
    await discord.messages.until(lambda: discord.world.channels[said.id].texts == ["kept"])
    assert discord.asked("PUT", "/reactions/") == 1


async def test_many_messages_at_once_are_all_seen_at_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    said = [await discord.say(town.anna, town.general, town.mention(f"{n}")) for n in range(10)]
    await discord.messages.until(lambda: town.general.id in discord.messages.typing)
    await discord.messages.until(lambda: all(one.reactions for one in said))
    assert discord.messages.typing == [town.general.id]


async def test_odd_texts_arrive_whole_and_end_clearly(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: message.text
    await start()
    direct = discord.world.channel(None, DM)
    odd = [
        "\u202eevil\u202c txt", "\u200b", "x" * 40_000, "👨‍👩‍👧" * 1000, "<@1> " * 200,
        "```py\n```` nested\n```\nx\n```", "<b>html</b> & <script>", "# **broken [md](",
    ]  # fmt: skip
    for number, text in enumerate(odd, 1):
        await discord.say(town.anna, direct, text)
        assert isinstance((await core.events(number))[-1], Message)
    await discord.messages.until(lambda: direct.texts[-1].startswith("# **broken"), 30)
    answers = [one for one in direct.messages.values() if one.author is town.bot]
    whole = [one.files["answer.md"] for one in answers if one.files]
    assert b"x" * 40_000 in whole
    assert all(one.pinged == [] for one in answers)
    await asyncio.sleep(0)


async def test_in_somebody_else_s_thread_it_has_to_be_named_once(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "yes"
    thread = discord.world.channel(town.guild, PUBLIC_THREAD, parent=town.general, owner=town.anna)
    await discord.gateway.dispatch("THREAD_CREATE", thread.payload(town.bot.id), town.guild.id)
    await discord.say(town.anna, thread, "among ourselves")
    await discord.say(town.anna, thread, town.mention("are you there?"))
    await discord.messages.until(lambda: thread.texts[-1] == "yes")
    await core.delivered(1)
    await discord.say(town.anna, thread, "and now?")
    assert (await core.message(2)).text == "and now?"
    assert (await core.message(1)).text == "are you there?"
