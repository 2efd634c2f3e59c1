import asyncio
import time

import pytest

from adapters.discord.adapter import DiscordAdapter
from core.errors import DeliveryFailed, DeliveryRefused, StoreError
from core.messages import CardMoved, Person, StreamText, Trouble
from tests.adapters.discord.conftest import Town
from tests.adapters.discord.fake_core import FakeCore, card, place, post
from tests.emulators.discord.server import DiscordServer, Fault
from tests.emulators.discord.world import DM, PUBLIC_THREAD, VOICE


async def test_a_channel_that_is_gone_is_refused_for_good(bot: DiscordAdapter, town: Town) -> None:
    with pytest.raises(DeliveryRefused, match="gone"):
        await bot.deliver(post(place(town.guild.id, "12345"), "hello?"))


@pytest.mark.parametrize(("code", "words"), [(50001, "invite it"), (50013, "permission")])
async def test_a_channel_that_shut_the_bot_out_is_refused_with_what_to_do(
    bot: DiscordAdapter, discord: DiscordServer, town: Town, code: int, words: str
) -> None:
    discord.messages.forbidden[town.general.id] = code
    with pytest.raises(DeliveryRefused, match=words):
        await bot.deliver(post(town.main, "hello?"))


async def test_an_admin_is_told_directly_what_cannot_be_posted_where(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    direct = discord.world.channel(None, DM, owner=town.anna)
    await bot.warn(town.anna.id, town.main.channel, "the channel is gone")
    [told] = direct.texts
    assert f"<#{town.general.id}> (the channel is gone)" in told
    assert f"thaw jobs {town.main.channel}" in told
    direct.closed = True
    with pytest.raises(DeliveryRefused):
        await bot.warn(town.anna.id, town.main.channel, "the channel is gone")


async def test_a_person_who_takes_no_messages_is_not_written_to_again(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    direct = discord.world.channel(None, DM)
    direct.closed = True
    with pytest.raises(DeliveryRefused, match="no direct messages"):
        await bot.deliver(post(place("dm", direct.id), "hello?"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, html=True),
        Fault(status=200, html=True),
        Fault(status=200, html=True, after=True),
        Fault(status=403, html=True),
        Fault(cut=True),
        Fault(cut=True, after=True),
        Fault(status=400, body='{"what": 1}'),
    ],
    ids=["503", "html", "html after", "cloudflare", "cut", "cut after", "no code"],
)
async def test_what_is_no_answer_of_discord_is_tried_again_and_sent_once(
    bot: DiscordAdapter, discord: DiscordServer, town: Town, fault: Fault
) -> None:
    discord.fail("POST", "/messages$", fault)
    item = post(town.main, "once")
    with pytest.raises(DeliveryFailed):
        await bot.deliver(item)
    await bot.deliver(item)
    assert town.general.texts == ["once"]


async def test_a_limit_longer_than_patience_says_when_to_come_back(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.fail("POST", "/messages$", Fault(retry_after=120))
    with pytest.raises(DeliveryFailed) as failed:
        await bot.deliver(post(town.main, "later"))
    assert failed.value.retry_after_s == 120
    assert bot.status.throttled_s >= 120


async def test_a_token_that_was_taken_back_is_tried_seldom(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.gateway.token = "another"
    with pytest.raises(DeliveryFailed, match="make a new one") as failed:
        await bot.deliver(post(town.main, "hello?"))
    assert (failed.value.retry_after_s or 0) >= 600


async def test_a_thread_that_was_archived_is_written_into_again(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await bot.deliver(post(town.thread(said.id), "one", "answer:1"))
    thread = discord.world.channels[said.id]
    thread.archived = True
    await bot.deliver(post(town.thread(said.id), "two", "answer:2"))
    assert thread.texts == ["one", "two"]


async def test_a_locked_or_removed_thread_is_answered_in_its_channel(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await bot.deliver(post(town.thread(said.id), "one", "answer:1"))
    discord.world.channels[said.id].archived = discord.world.channels[said.id].locked = True
    await bot.deliver(post(town.thread(said.id), "two", "answer:2"))
    answer = list(town.general.messages.values())[-1]
    assert (answer.content, answer.answers) == ("two", said)
    other = await discord.say(town.anna, town.general, town.mention("again"))
    await bot.deliver(post(town.thread(other.id), "one", "answer:3"))
    del discord.world.channels[other.id]
    await bot.deliver(post(town.thread(other.id), "two", "answer:4"))
    assert town.general.texts[-1] == "two"


async def test_where_no_thread_can_be_made_the_answer_is_a_reply(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    core.answer = lambda message: "here"
    discord.fail("POST", "/threads$", Fault(status=403, body='{"code": 50013, "message": "no"}'))
    said = await discord.say(town.anna, town.general, town.mention("hello"))
    await discord.messages.until(lambda: town.general.texts[-1] == "here")
    assert list(town.general.messages.values())[-1].answers is said
    voice = discord.world.channel(town.guild, VOICE)
    await discord.gateway.dispatch("CHANNEL_CREATE", voice.payload(town.bot.id), town.guild.id)
    said = await discord.say(town.anna, voice, town.mention("hello"))
    await discord.messages.until(lambda: voice.texts[-1] == "here")
    assert discord.asked("POST", "/threads$") == 1


async def test_a_thread_whose_first_message_was_removed_is_still_answered(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    thread = discord.world.channel(town.guild, PUBLIC_THREAD, parent=town.general)
    await bot.deliver(post(town.thread(thread.id), "still here"))
    assert thread.texts == ["still here"]


async def test_one_channel_that_stands_still_holds_up_no_other(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    gate = asyncio.Event()
    discord.fail("POST", f"{town.general.id}/messages$", Fault(wait=gate, status=503))
    slow = asyncio.create_task(bot.deliver(post(town.main, "slow")))
    other = discord.world.channel(town.guild)
    await asyncio.wait_for(bot.deliver(post(place(town.guild.id, other.id), "quick")), 60)
    assert other.texts == ["quick"]
    assert not slow.done()
    gate.set()
    with pytest.raises(DeliveryFailed):
        await slow


async def test_order_is_kept_and_no_limit_broken_when_much_is_said(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    for number in range(12):
        await bot.deliver(post(town.main, f"{number}", f"answer:{number}"))
        moved = StreamText(thread=town.main, post_id=f"answer:{number + 1}", text="…")
        await bot.show(moved)
        await bot.show(CardMoved(card=card(town.main)))
    said = [text for text in town.general.texts if text.isdigit()]
    assert said == [str(number) for number in range(12)]


async def test_many_channels_together_stay_below_the_limit_of_the_whole_bot(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    channels = [discord.world.channel(town.guild) for _ in range(120)]
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for channel in channels:
            where = place(town.guild.id, channel.id)
            tasks.create_task(bot.deliver(post(where, "hello")))
    assert [channel.texts for channel in channels] == [["hello"]] * 120
    # A machine that is slow enough by itself has to wait for nothing.
    assert bot.status.throttled_s > 0 or time.monotonic() - began > 120 / 50


async def test_an_edit_of_a_message_that_somebody_removed_sends_the_answer_anew(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    await bot.show(StreamText(thread=town.main, post_id="answer:1", text="half"))
    await discord.messages.until(lambda: town.general.texts)
    await discord.messages.remove(next(iter(town.general.messages.values())))
    await bot.deliver(post(town.main, "whole"))
    assert town.general.texts == ["whole"]


async def test_what_cannot_be_kept_is_shown_again_and_once(
    bot: DiscordAdapter, core: FakeCore, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(core, "keep", full)
        with pytest.raises(DeliveryFailed, match="disk is full"):
            await bot.deliver(post(town.main, "once"))
    await bot.deliver(post(town.main, "once"))
    assert town.general.texts == ["once"]
    assert core.shown[town.main.channel, "answer:1"] == tuple(town.general.messages)


async def test_trouble_is_told_once(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    for _ in range(3):
        await bot.show(Trouble(thread=town.main, text="The disk is full."))
    await discord.messages.until(lambda: town.general.texts)
    await bot.deliver(post(town.main, "still here"))
    assert town.general.texts == ["The disk is full.", "still here"]


async def test_what_the_library_tries_again_by_itself_is_counted(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.fail("POST", "/messages$", Fault(retry_after=0.2))
    await bot.deliver(post(town.main, "hello"))
    assert bot.status.retries == 1
    assert bot.status.throttled_s >= 0.2
    assert town.general.texts == ["hello"]


async def test_who_asked_in_a_channel_that_is_gone_is_told_directly_and_once(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.messages.forbidden[town.general.id] = 50001
    for number in range(2):
        lost = post(
            town.main, "42", f"result:{number}", mention=Person(id=town.anna.id, name="Anna")
        )
        with pytest.raises(DeliveryRefused):
            await bot.deliver(lost)

    def direct() -> list[str]:
        chats = [one for one in discord.world.channels.values() if one.type == DM]
        return [text for chat in chats for text in chat.texts]

    await discord.messages.until(direct)
    (told,) = direct()
    assert f"<#{town.general.id}>" in told
    assert "ask who runs it" in told  # there nobody could ask for it, either
    assert discord.asked("POST", "/users/@me/channels") == 1


async def test_who_asked_where_the_bot_may_not_speak_is_told_directly(
    bot: DiscordAdapter, discord: DiscordServer, core: FakeCore, town: Town
) -> None:
    direct = discord.world.channel(None, DM, owner=town.anna)
    discord.messages.lacking[town.general.id] = {"send", "send in threads"}
    await discord.say(town.anna, town.general, town.mention("hello?"))
    asked = await core.message()
    with pytest.raises(DeliveryRefused, match="lacks a permission"):
        await bot.deliver(post(asked.thread, "hello", reply_to=asked.id))
    await discord.messages.until(lambda: direct.texts)
    assert "/job N shows them there" in direct.texts[0]


async def test_who_takes_no_direct_messages_is_not_told_and_nothing_breaks(
    bot: DiscordAdapter, discord: DiscordServer, town: Town
) -> None:
    discord.messages.forbidden[town.general.id] = 50001
    lost = post(town.main, "42", "result:1", mention=Person(id="999", name="Gone"))
    with pytest.raises(DeliveryRefused):
        await bot.deliver(lost)
    del discord.messages.forbidden[town.general.id]
    await bot.deliver(post(town.main, "on we go", "result:2"))
    assert town.general.texts == ["on we go"]
