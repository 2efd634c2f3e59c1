import asyncio
import time
from dataclasses import replace

from adapters.discord.adapter import DiscordAdapter
from core.messages import CardMoved, Person, PostKind, Seen, StreamText
from tests.adapters.discord.conftest import Start, Town
from tests.adapters.discord.fake_core import FakeCore, card, place, post
from tests.emulators.discord.server import DiscordServer, Fault
from tests.emulators.discord.world import DM


async def test_a_mention_is_seen_at_once_and_answered_in_a_thread_of_its_own(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: f"You said: {message.text}"
    said = await discord.say(town.anna, town.general, town.mention("what is up?"))
    began = time.monotonic()
    await discord.messages.until(lambda: said.reactions)
    assert time.monotonic() - began < 5
    await discord.messages.until(lambda: said.id in discord.world.channels)
    thread = discord.world.channels[said.id]
    await discord.messages.until(lambda: thread.texts)
    assert thread.texts == ["You said: what is up?"]
    assert thread.name == "what is up?"
    assert (await core.message()).thread == town.thread(said.id)
    assert town.general.texts == [said.content]


async def test_in_a_thread_that_the_bot_is_in_nobody_has_to_name_it(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: f"to {message.text}"
    first = await discord.say(town.anna, town.general, town.mention("hello"))
    await discord.messages.until(lambda: first.id in discord.world.channels)
    thread = discord.world.channels[first.id]
    await discord.messages.until(lambda: thread.texts)
    second = await discord.say(town.ben, thread, "and me?")
    await discord.messages.until(lambda: thread.texts[-1] == "to and me?")
    assert core.kept[second.id].thread == core.kept[first.id].thread


async def test_a_direct_message_is_answered_where_it_was_written(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "yes"
    direct = discord.world.channel(None, DM)
    await discord.say(town.anna, direct, "are you there?")
    await discord.messages.until(lambda: direct.texts[-1] == "yes")
    assert (await core.message()).thread == place("dm", direct.id)


async def test_the_same_item_again_is_shown_once_also_when_the_bot_died_before_it_was_kept(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    first = await start()
    core.forgetful = True  # killed between the send and the mark
    item = post(town.main, "only once", "result:1")
    await first.deliver(item)
    await first.stop()
    core.forgetful = False
    second = await start()
    await second.deliver(item)
    await second.deliver(item)
    assert town.general.texts == ["only once"]
    assert core.shown[town.main.channel, "result:1"] == (next(iter(town.general.messages)),)


async def test_what_had_begun_to_grow_when_the_bot_died_becomes_the_answer(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    first = await start()
    core.forgetful = True
    await first.show(StreamText(thread=town.main, post_id="answer:1", text="it is"))
    await discord.messages.until(lambda: town.general.texts)
    await first.stop()
    core.forgetful = False
    second = await start()
    await second.deliver(post(town.main, "it is done"))
    assert town.general.texts == ["it is done"]


async def test_much_that_goes_into_one_channel_at_once_keeps_its_limits(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    for message in range(3):
        await bot.deliver(post(town.main, f"start {message}", f"start:{message}"))
    shown = tuple(town.general.messages)
    async with asyncio.TaskGroup() as tasks:
        for number in range(25):
            item = post(town.main, f"{number}", f"answer:{number}")
            tasks.create_task(bot.deliver(item))
            seen = Seen(thread=town.main, message_id=shown[number % 3])
            tasks.create_task(bot.show(seen))
    assert len(town.general.texts) == 28


async def test_an_answer_lost_on_its_way_back_is_not_sent_twice(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.fail("POST", "/messages$", Fault(status=502, html=True, after=True))
    await bot.deliver(post(town.main, "once"))
    assert town.general.texts == ["once"]
    assert discord.asked("POST", "/messages$") == 2


async def test_what_grew_before_the_eyes_becomes_the_answer_with_nothing_doubled(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    for end in range(1, 8):
        await bot.show(
            StreamText(thread=town.main, post_id="answer:9", text="one two three four"[: end * 3])
        )
        await discord.messages.until(lambda: town.general.texts)
    await bot.deliver(post(town.main, "one two three four, done", "answer:9"))
    await bot.show(StreamText(thread=town.main, post_id="answer:9", text="too late"))
    await asyncio.sleep(0.5)
    assert town.general.texts == ["one two three four, done"]
    (shown,) = town.general.messages.values()
    assert shown.history[0].startswith("one")


async def test_a_long_stream_ends_as_a_whole_text_in_a_file(
    start: Start, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    bot = await start()
    text = "\n\n".join(f"Paragraph {number}: {'word ' * 60}" for number in range(80))
    await bot.show(StreamText(thread=town.main, post_id="answer:9", text=text[:9000]))
    await discord.messages.until(lambda: len(town.general.texts) == 5)
    await bot.stop()
    again = await start()
    await again.deliver(post(town.main, text, "answer:9"))
    files = [name for message in town.general.messages.values() for name in message.files]
    assert files == ["answer.md"]
    held = [message for message in town.general.messages.values() if message.files]
    assert held[0].files["answer.md"].decode() == text
    assert town.general.texts[0].startswith("Paragraph 0")


async def test_a_result_is_a_new_message_that_notifies_who_asked_and_nobody_else(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    text = f"@everyone look, <@{town.ben.id}>: it is done"
    await bot.deliver(
        post(
            town.main, text, "result:3", kind=PostKind.RESULT, job=3,
            mention=Person(id=town.anna.id, name="Anna"), receipt=("`a` is now 1",),
            drift=("based on b = 1, now 2",),
        )
    )  # fmt: skip
    (shown,) = town.general.messages.values()
    assert shown.pinged == [town.anna.id]
    assert "Job 3" in shown.content
    assert "is now 1" in shown.content
    assert "based on b = 1, now 2" in shown.content


async def test_a_request_that_is_decided_keeps_its_message_and_one_file(
    bot: DiscordAdapter, town: Town
) -> None:
    item = post(town.main, "wants\n\n```\n" + "rm a\n" * 900 + "```", "ask:1.1", single=True)
    await bot.deliver(item)
    decided = replace(item, text=item.text.replace("wants", "was allowed"))
    await bot.deliver(decided)
    begin, file = town.general.messages.values()
    assert begin.content.startswith("was allowed")
    assert begin.content.count("rm a") > 200
    assert len(file.attachments) == 1
    assert file.files == {"answer.md": decided.text.encode()}


async def test_produced_files_are_uploaded_and_those_that_cannot_be_are_told(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.produced = {"out/report.md": b"# Report", "big.bin": bytes(11 * 2**20), "b.txt": b"b"}
    paths = ("out/report.md", "big.bin", "gone.txt", "b.txt")
    item = post(town.main, "here", "result:1", files=paths)
    await bot.deliver(item)
    await bot.deliver(item)
    first, second = town.general.messages.values()
    assert "big.bin stays in the workspace" in first.content.replace("\\", "")
    assert "gone.txt is not here" in first.content.replace("\\", "")
    assert second.files == {"report.md": b"# Report", "b.txt": b"b"}


async def test_a_card_is_one_message_whose_newest_version_stays(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    await bot.deliver(card(town.main))
    for version in range(2, 30):
        moved = card(town.main, version=version, step=f"step {version}")
        await bot.show(CardMoved(card=moved))
    await discord.messages.until(lambda: _embed(town)["description"] == "step 29")
    await bot.deliver(card(town.main, version=40, state="completed", step="Completed."))
    await bot.deliver(card(town.main, version=39, step="late"))
    await bot.show(CardMoved(card=card(town.main, version=38, step="later still")))
    await asyncio.sleep(0.3)
    assert _embed(town)["description"] == "Completed."
    (shown,) = town.general.messages.values()
    assert len(shown.history) < 6
    assert list(shown.buttons) == ["Stop", "Steer", "Details"]


async def test_many_cards_share_a_channel_fairly(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    for number in range(1, 6):
        await bot.deliver(card(town.main, number))
    version, edits = 1, [0]
    async with asyncio.timeout(60):
        while min(edits) < 3:
            version += 1
            for number in range(1, 6):
                moved = card(town.main, number, version=version, step=f"step {version}")
                await bot.show(CardMoved(card=moved))
            await asyncio.sleep(0.02)
            edits = [len(message.history) for message in town.general.messages.values()]
            assert max(edits) - min(edits) <= 1


async def test_a_card_that_somebody_removed_stays_away(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    await bot.deliver(card(town.main))
    (shown,) = town.general.messages.values()
    await discord.messages.remove(shown)
    await bot.deliver(card(town.main, version=2, state="completed"))
    assert town.general.texts == []


async def test_stopping_ends_everything_and_shows_it(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    assert bot.status.connected
    await bot.stop()
    await discord.gateway.happened("closed")
    assert not bot.status.connected


async def test_hints_about_what_is_no_message_do_nothing(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    before = len(discord.calls)
    await bot.show(Seen(thread=town.main, message_id="../../users/@me"))
    await bot.deliver(post(town.main, "still here"))
    assert len(discord.calls) == before + 1


def _embed(town: Town) -> dict[str, object]:
    (shown,) = town.general.messages.values()
    return shown.embeds[0]
