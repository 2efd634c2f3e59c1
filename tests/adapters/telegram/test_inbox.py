import asyncio
from dataclasses import replace

import pytest

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.address import thread_ref
from core.messages import Edit, Message, Press, Seen
from tests.adapters.telegram.conftest import FAST, Make
from tests.adapters.telegram.fakes import Core, card
from tests.adapters.telegram.test_details import job
from tests.emulators.telegram import Fault, TelegramServer

MENTION = {"type": "mention", "offset": 0, "length": 12}


async def test_a_private_message_is_heard_whole(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    shown = server.world.say(chat, "Hello\n\nworld 🙂")
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert (message.id, message.text) == (f"7:{shown.id}", "Hello\n\nworld 🙂")
    assert (message.thread, message.author.id) == (thread_ref(7, None), "7")


async def test_in_a_group_only_what_is_meant_for_the_bot_is_heard(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "supergroup", "Team")
    server.world.say(group, "nothing for a bot")
    server.world.say(group, "/weather in Rome")
    server.world.say(group, "/jobs@OtherBot")
    server.world.say(group, "@ThawTestBot count the lines", entities=[MENTION])
    server.world.say(group, "/jobs@ThawTestBot")
    heard = await core.hears(2)
    assert [one.text for one in heard] == ["count the lines", "/jobs"]


async def test_topics_are_threads_and_reply_threads_are_not(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    forum = server.world.chat(-5, "supergroup", "Team")
    forum.topics.add(77)
    server.world.say(forum, "/jobs", thread=77)
    server.world.say(forum, "/help", extra={"message_thread_id": 31})
    heard = await core.hears(2)
    assert {one.thread.thread for one in heard} == {"77", ""}


async def test_an_edit_names_the_message_it_changes(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    shown = server.world.say(chat, "cuont")
    server.world.edit(chat, shown, "count")
    _, edit = await core.hears(2)
    assert isinstance(edit, Edit)
    assert (edit.message_id, edit.text) == (f"7:{shown.id}", "count")


async def test_a_file_comes_with_its_words(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    server.world.send_file(chat, "app.log", b"one\ntwo\n", caption="what is wrong here?")
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert core.files(message) == [("app.log", b"one\ntwo\n")]
    assert message.text == "what is wrong here?"


async def test_a_file_that_is_too_large_is_told_and_the_words_are_taken(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    server.world.send_file(chat, "disk.img", b"x", caption="look", size=25 * 2**20)
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert core.problems(message) == ["disk.img: it has 25 MB; 20 MB are the most for one file"]
    assert message.text == "look"
    assert server.count("getFile") == 0


async def test_a_file_that_telegram_does_not_hand_out_is_told(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    server.faults.plan("getFile", Fault(status=400, description="Bad Request: file is too big"))
    server.faults.plan("getFile", Fault(status=400, description="Bad Request: wrong file_id"))
    for name in ("a.log", "b.log"):
        server.world.send_file(server.world.chat(7), name, b"x")
    heard = [one for one in await core.hears(2) if isinstance(one, Message)]
    assert sorted(problem for one in heard for problem in core.problems(one)) == [
        "a.log: Telegram gives bots files of 20 MB at most",
        "b.log: it could not be fetched from Telegram: please send it again",
    ]


@pytest.mark.parametrize("fault", [Fault(status=502, html=True), Fault(status=429, retry_after=0)])
async def test_a_file_that_is_not_handed_out_at_once_is_asked_for_again(
    server: TelegramServer, bot: TelegramAdapter, core: Core, fault: Fault
) -> None:
    server.faults.plan("getFile", fault)
    server.world.send_file(server.world.chat(7), "app.log", b"one")
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert core.files(message) == [("app.log", b"one")]


async def test_an_album_is_one_message_and_for_the_bot_when_one_of_its_files_is(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "supergroup", "Team")
    entities = {"caption_entities": [MENTION]}
    first = {"media_group_id": "a", **entities}
    server.world.send_file(group, "one.log", b"1", caption="@ThawTestBot compare", extra=first)
    server.world.send_file(group, "two.log", b"2", extra={"media_group_id": "a"})
    server.world.send_file(group, "not.log", b"3", extra={"media_group_id": "b"})
    server.world.say(group, "/jobs")
    album, command = await core.hears(2)
    assert isinstance(album, Message)
    assert (album.text, command.text) == ("compare", "/jobs")
    assert core.files(album) == [("one.log", b"1"), ("two.log", b"2")]


async def test_an_album_has_one_sign_before_all_of_it_has_come(
    server: TelegramServer, make: Make, core: Core
) -> None:
    await make(replace(FAST, album_s=3600.0)).start()
    chat = server.world.chat(7)
    for number in range(3):
        server.world.send_file(chat, f"{number}.log", b"x", extra={"media_group_id": "a"})
    await server.until(lambda: server.count("setMessageReaction") == 1)
    for number in range(3, 10):
        server.world.send_file(chat, f"{number}.log", b"x", extra={"media_group_id": "a"})
    await core.hears(1)
    assert server.count("setMessageReaction") == 1


async def test_an_album_that_was_not_kept_is_offered_again_whole(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat, core.full = server.world.chat(7), 2
    for number in range(3):
        server.world.send_file(chat, f"{number}.log", b"x", extra={"media_group_id": "a"})
    server.world.say(chat, "/jobs")
    album, _ = await core.hears(2)
    assert [file.name for file in getattr(album, "files", ())] == ["0.log", "1.log", "2.log"]
    await server.updates.unconfirmed()


async def test_a_reply_to_somebodys_file_is_about_that_file(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "supergroup", "Team")
    file = {"file_id": "file-9", "file_name": "app.log", "file_size": 3}
    server.world.files["file-9"] = b"boo"
    replied = {
        "message_id": 1,
        "chat": group.payload,
        "from": {"id": 8, "is_bot": False, "first_name": "Bob"},
        "document": file,
    }
    server.world.say(
        group,
        "@ThawTestBot what is this?",
        entities=[MENTION],
        extra={"reply_to_message": replied},
    )
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert core.files(message) == [("app.log", b"boo")]


async def test_a_slow_file_holds_up_no_other_chat(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    gate = asyncio.Event()
    server.faults.plan("getFile", Fault(wait=gate))
    server.world.send_file(server.world.chat(7), "big.log", b"x", caption="slow")
    server.world.say(server.world.chat(8, title="Bob"), "quick", person=8)
    assert [one.text for one in await core.hears(1)] == ["quick"]
    gate.set()
    assert [one.text for one in await core.hears(2)] == ["quick", "slow"]
    await server.updates.unconfirmed()


async def test_strangers_get_silence_on_every_path(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.strangers.add("9")
    chat = server.world.chat(9, title="Eve")
    ann = server.world.chat(7)
    await bot.deliver(card(thread_ref(7, None)))
    shown = ann.said()[0]
    server.world.say(chat, "hello", person=9)
    server.world.say(chat, "/jobs", person=9)
    server.world.send_file(chat, "evil.bin", b"x", person=9)
    for label in ("Stop", "Steer", "Details"):
        server.world.press(shown, label, person=9)
    server.world.say(ann, "hello")
    assert [one.text for one in await core.hears(1)] == ["hello"]
    await server.updates.unconfirmed()
    assert server.count("answerCallbackQuery") == 0
    assert server.count("getFile") == 0
    assert chat.said() == []
    assert ann.said() == [shown]


async def test_a_stranger_hears_what_the_core_says(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.strangers.add("9")
    core.word = "Your code is ABCD-2345."
    chat = server.world.chat(9, title="Eve")
    server.world.send_file(chat, "evil.bin", b"x", person=9)
    await server.until(chat.said)
    assert chat.said()[0].text == "Your code is ABCD-2345."
    assert server.count("getFile") == 0


async def test_only_a_private_chat_is_direct(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    server.world.say(server.world.chat(7), "hello")
    server.world.say(server.world.chat(-5, kind="group"), "/jobs", person=7)
    heard = await core.hears(2)
    assert [(one.text, one.direct) for one in heard if isinstance(one, Message)] == [
        ("hello", True), ("/jobs", False),
    ]  # fmt: skip


async def test_what_the_core_refuses_is_said_where_it_was_asked(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.refuse = lambda event: "There is no command /fly."
    chat = server.world.chat(7)
    asked = server.world.say(chat, "/fly")
    await server.until(chat.said)
    assert (chat.said()[0].text, chat.said()[0].reply_to) == ("There is no command /fly.", asked.id)


async def test_a_press_is_heard_once_and_answered(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(card(thread_ref(7, None)))
    query = server.world.press(chat.said()[0], "Stop")
    (press,) = await core.hears(1)
    assert isinstance(press, Press)
    assert (press.action, press.text) == ("stop.3", None)
    await server.until(lambda: server.world.open_callbacks[query] is not None)


async def test_a_forged_press_is_answered_to_its_presser_alone(
    server: TelegramServer, patient: TelegramAdapter, core: Core
) -> None:
    core.refuse = lambda event: "This button is none of mine; nothing was done."
    chat = server.world.chat(7)
    await patient.deliver(card(thread_ref(7, None)))
    query = server.world.forge(chat.said()[0], "stop.9999;drop")
    await server.until(lambda: server.world.open_callbacks[query] is not None)
    answer = server.world.open_callbacks[query] or {}
    assert "none of mine" in answer["text"]
    assert len(chat.said()) == 1


async def test_steer_asks_by_a_forced_reply_also_after_a_restart(
    server: TelegramServer, bot: TelegramAdapter, core: Core, make: Make
) -> None:
    chat, core.jobs[3] = server.world.chat(7), job()
    await bot.deliver(card(thread_ref(7, None)))
    server.world.press(chat.said()[0], "Steer")
    await server.until(lambda: len(chat.said()) == 2)
    question = chat.said()[1]
    assert "job 3" in question.text
    assert (question.markup or {}).get("force_reply") is True
    await bot.stop()
    again = make()
    await again.start()
    server.world.say(chat, "look at March too", reply_to=question.id)
    (press,) = await core.hears(1)
    assert isinstance(press, Press)
    assert (press.action, press.text) == ("steer.3", "look at March too")


async def test_a_reply_to_a_card_names_the_card(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "group", "Team")
    await bot.deliver(card(thread_ref(-5, None)))
    server.world.say(group, "and April", reply_to=group.said()[0].id)
    (message,) = await core.hears(1)
    assert isinstance(message, Message)
    assert (message.reply_to, message.text) == ("card:3", "and April")


async def test_a_supergroup_keeps_the_state_of_its_group(
    server: TelegramServer, bot: TelegramAdapter, core: Core, make: Make
) -> None:
    group = server.world.chat(-5, "group", "Team")
    server.world.say(group, "/jobs")
    await core.hears(1)
    new = server.world.upgrade(group, -1005)
    await server.updates.unconfirmed()
    await bot.stop()
    again = make()
    await again.start()
    server.world.say(new, "/help")
    heard = await core.hears(2)
    assert heard[0].thread == heard[1].thread
    assert len({one.id for one in heard}) == 2
    await again.deliver(card(thread_ref(-5, None)))
    assert len(new.said()) == 1


async def test_a_group_of_strangers_that_becomes_a_supergroup_leaves_nothing(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    server.world.upgrade(server.world.chat(-5, "group", "Team"), -1005)
    server.world.say(server.world.chat(7), "hello")
    await core.hears(1)
    await server.updates.unconfirmed()
    assert core.shown == {}


async def test_seen_is_a_reaction_or_typing_where_none_is_allowed(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat, strict = server.world.chat(7), server.world.chat(-5, "supergroup", "Team")
    strict.reactions_allowed = False
    first, second = server.world.say(chat, "hi"), server.world.say(strict, "/jobs")
    await bot.show(Seen(thread=thread_ref(7, None), message_id=f"7:{first.id}"))
    await bot.show(Seen(thread=thread_ref(-5, None), message_id=f"-5:{second.id}"))
    await server.until(lambda: first.reactions and strict.typing)
    assert (first.reactions, strict.typing) == (("👀",), ["typing"])


async def test_a_message_is_seen_while_the_one_before_it_is_not_kept_yet(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.hold.clear()
    chat = server.world.chat(7)
    said = [server.world.say(chat, text) for text in ("one", "two")]
    await server.until(lambda: all(one.reactions for one in said))
    assert core.offered == [f"7:{said[0].id}"]
    core.hold.set()
    await core.hears(2)


async def test_a_message_is_seen_once_however_often_that_is_said(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    said = server.world.say(server.world.chat(7), "hi")
    await server.until(lambda: said.reactions)
    for _ in range(2):
        await bot.show(Seen(thread=thread_ref(7, None), message_id=f"7:{said.id}"))
    other = server.world.say(server.world.chat(8), "hi")
    await server.until(lambda: other.reactions)
    assert server.count("setMessageReaction") == 2


async def test_a_sign_that_was_lost_is_given_when_the_core_has_taken_the_message(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    server.faults.plan("setMessageReaction", Fault(status=500))
    said = server.world.say(server.world.chat(7), "hi")
    await server.until(lambda: bot.status.retries)
    assert not said.reactions
    await bot.show(Seen(thread=thread_ref(7, None), message_id=f"7:{said.id}"))
    await server.until(lambda: said.reactions)


async def test_strangers_are_shown_no_sign(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.strangers.add("7")
    said = server.world.say(server.world.chat(7), "hi")
    after = server.world.say(server.world.chat(8), "hi", person=8)
    await server.until(lambda: after.reactions)
    await core.hears(1)
    assert server.count("setMessageReaction") == 1
    assert not said.reactions
