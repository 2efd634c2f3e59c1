import asyncio
from dataclasses import replace

import pytest

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.address import channel_ref, thread_ref
from core.errors import DeliveryFailed, DeliveryRefused
from core.messages import Button, CardMoved, Post, PostKind, StreamText
from core.messages.views import JobView
from tests.adapters.telegram.conftest import FAST, Make
from tests.adapters.telegram.fakes import ANN, Core, card
from tests.emulators.telegram import Fault, TelegramServer
from tests.emulators.telegram.refusal import Refusal

PRIVATE = thread_ref(7, None)
GROUP = thread_ref(-5, None)


def answer(text: str, **more: object) -> Post:
    fields: dict[str, object] = {
        "id": "answer:1", "thread": PRIVATE, "kind": PostKind.ANSWER, "text": text, "at": 1.0,
    }  # fmt: skip
    return Post(**(fields | more))  # type: ignore[arg-type]


async def test_the_same_post_again_doubles_nothing(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(answer("**Done.**"))
    await bot.deliver(answer("**Done.**"))
    assert [one.text for one in chat.said()] == ["Done."]
    assert [mark["type"] for mark in chat.said()[0].entities] == ["bold"]


async def test_a_long_post_goes_on_where_a_failure_cut_it(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    post = answer("\n\n".join(f"Paragraph {n} " + "word " * 300 for n in range(7)))
    server.faults.plan("sendMessage", Fault(), Fault(status=500))
    with pytest.raises(DeliveryFailed):
        await bot.deliver(post)
    assert len(chat.said()) == 1
    await bot.deliver(post)
    shown = "\n".join(one.text for one in chat.said())
    assert [shown.count(f"Paragraph {n} ") for n in range(7)] == [1] * 7


async def test_a_post_that_changed_is_shown_as_it_is_now(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(answer("word " * 1500))
    assert len(chat.said()) == 2
    await bot.deliver(answer("This was forgotten."))
    assert [one.text for one in chat.said()] == ["This was forgotten."]


async def test_a_very_long_post_comes_as_a_file_too(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat, text = server.world.chat(7), "line of words\n\n" * 3000
    await bot.deliver(answer(text))
    begin, whole = chat.said()
    assert begin.text.endswith("in the file below.")
    assert whole.file == ("answer.md", text.encode())
    await bot.deliver(answer(text))
    assert len(chat.said()) == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Launch texts: Twitter/X", "job-3-launch-texts-twitter-x.md"),
        ("Größe \u202e../..", "job-3-größe.md"),
        ("/ ..", "job-3.md"),
        ("a" * 100, f"job-3-{'a' * 60}.md"),
    ],
)
async def test_a_very_long_result_is_a_file_named_after_its_job(
    server: TelegramServer, bot: TelegramAdapter, core: Core, title: str, name: str
) -> None:
    chat, shown = server.world.chat(7), card(PRIVATE, title=title)
    core.jobs[3] = JobView(card=shown, brief="", outcome="", result="", base_commit=1, steps=())
    await bot.deliver(answer("line of words\n\n" * 3000, job=3, kind=PostKind.RESULT))
    assert (chat.said()[-1].file or ("", b""))[0] == name


async def test_a_result_mentions_who_asked_and_nobody_else(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "supergroup", "Team")
    asked = server.world.say(group, "/run 3")
    core.produced["out/report.csv"] = b"a,b\n"
    await bot.deliver(
        answer(
            "Told @everybody and [bob](tg://user?id=99).\n\n`@carol` knows.",
            id="result:3", thread=GROUP, kind=PostKind.RESULT, mention=ANN, job=3,
            receipt=("deploy.target: staging → prod by @dave",), drift=("x changed",),
            reply_to=f"-5:{asked.id}", files=("out/report.csv", "gone.txt"),
            buttons=(Button(action="undo.5", label="Undo"),),
        )
    )  # fmt: skip
    result, report, gone = group.said()
    assert result.notified == {"7"}
    assert result.reply_to == asked.id
    assert result.buttons == {"Undo": "undo.5"}
    assert "deploy.target" in result.text
    assert "x changed" in result.text
    assert report.file == ("report.csv", b"a,b\n")
    assert "gone.txt" in gone.text


@pytest.mark.parametrize(
    "words", ["can't parse entities", "BUTTON_DATA_INVALID", "message to be replied not found"]
)
async def test_what_telegram_refuses_of_a_message_costs_its_dress_alone(
    server: TelegramServer, bot: TelegramAdapter, words: str
) -> None:
    chat = server.world.chat(7)
    server.faults.plan("sendMessage", Fault(status=400, description=f"Bad Request: {words}"))
    undo = Button(action="undo.4", label="Undo")
    await bot.deliver(answer("**Done.**", buttons=(undo,)))
    assert [(one.text, one.entities, one.markup) for one in chat.said()] == [("Done.", [], None)]


async def test_a_change_whose_marks_telegram_refuses_is_shown_without_them(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(answer("**Once.**"))
    description = "Bad Request: can't parse entities"
    server.faults.plan("editMessageText", Fault(status=400, description=description))
    await bot.deliver(answer("**Twice.**"))
    assert [(one.text, one.entities) for one in chat.said()] == [("Twice.", [])]


async def test_a_chat_that_is_gone_is_refused_and_others_are_not_touched(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    server.world.chat(-5, "group", "Team").gone = Refusal(
        403, "Forbidden: bot was kicked from the group chat"
    )
    server.world.chat(7)
    with pytest.raises(DeliveryRefused, match="kicked"):
        await bot.deliver(answer("hi", thread=GROUP))
    await bot.deliver(answer("hi"))


async def test_who_asked_in_a_chat_that_is_gone_is_told_once_in_their_own(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    server.world.chat(-5, "group", "Team").gone = Refusal(
        403, "Forbidden: bot was kicked from the group chat"
    )
    own = server.world.chat(7)
    for number in range(2):
        lost = replace(answer("42", thread=GROUP), id=f"result:{number}", mention=ANN)
        with pytest.raises(DeliveryRefused):
            await bot.deliver(lost)
    await server.until(own.said)
    await bot.deliver(answer("afterwards"))
    told, afterwards = (one.text for one in own.said())
    assert "kicked" in told
    assert "/job N" in told
    assert afterwards == "afterwards"


async def test_an_admin_is_told_in_their_own_chat_what_cannot_be_posted_where(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    own = server.world.chat(7)
    await bot.warn("7", GROUP.channel, "Forbidden: bot was kicked")
    await bot.warn("7", channel_ref(8), "Forbidden: bot was blocked by the user")
    group, private = (one.text for one in own.said())
    assert "the group -5 (Forbidden: bot was kicked)" in group
    assert f"thaw jobs {GROUP.channel}" in group
    assert "the private chat with 8 (Forbidden: bot was blocked" in private


@pytest.mark.parametrize("admin", ["-5", "@ann", "9" * 19])
async def test_an_admin_who_cannot_be_written_to_is_refused(
    server: TelegramServer, bot: TelegramAdapter, admin: str
) -> None:
    with pytest.raises(DeliveryRefused):
        await bot.warn(admin, GROUP.channel, "kicked")


async def test_a_hold_of_one_chat_holds_no_other(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    other, _ = server.world.chat(8, title="Bob"), server.world.chat(7)
    server.faults.plan("sendMessage", Fault(status=429, retry_after=1))
    with pytest.raises(DeliveryFailed) as failed:
        await bot.deliver(answer("first"))
    assert failed.value.retry_after_s == 1.0
    held = asyncio.create_task(bot.deliver(answer("first")))
    await bot.deliver(answer("other", thread=thread_ref(8, None)))
    assert [one.text for one in other.said()] == ["other"]
    await held
    assert [one.text for one in server.world.chat(7).said()] == ["first"]
    sent = [fields["chat_id"] for name, fields in server.calls if name == "sendMessage"]
    assert [str(chat) for chat in sent] == ["8", "7"]


@pytest.mark.parametrize("status", [400, 403, 404, 502])
async def test_a_platform_that_answers_html_is_tried_again(
    server: TelegramServer, bot: TelegramAdapter, status: int
) -> None:
    server.world.chat(7)
    server.faults.plan("sendMessage", Fault(status=status, html=True))
    with pytest.raises(DeliveryFailed):
        await bot.deliver(answer("hi"))


async def test_a_card_is_one_message_that_changes(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(card(PRIVATE))
    await bot.show(CardMoved(card=card(PRIVATE, version=2, step="counting")))
    await server.until(lambda: server.count("editMessageText") == 1)
    await bot.deliver(card(PRIVATE, version=9, state="completed", buttons=(), ended_at=61.0))
    await bot.deliver(card(PRIVATE, 4))
    await bot.show(CardMoved(card=card(PRIVATE, version=5, step="an older step")))
    await bot.show(CardMoved(card=card(PRIVATE, 4, version=2, step="counting")))
    await server.until(lambda: len(chat.said()[1].history) == 1)
    shown = chat.said()[0]
    assert "✅ completed · 1 min 0 s · 1,200 tokens · 2 steps" in shown.text
    assert not any("older" in text for text in [shown.text, *shown.history])
    assert shown.buttons == {}


async def test_a_card_whose_progress_is_told_before_it_is_made_is_made(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    await bot.show(CardMoved(card=card(PRIVATE, version=5)))
    await bot.deliver(
        card(PRIVATE, number=4)
    )  # a call to Telegram, while the progress is looked at
    await bot.deliver(card(PRIVATE, version=1))
    assert [one.text.splitlines()[0] for one in chat.said()] == [
        "Job 4 · Count 4",
        "Job 3 · Count 3",
    ]


async def test_a_card_that_somebody_deleted_comes_again(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    await bot.deliver(card(PRIVATE))
    chat.messages.clear()
    await bot.deliver(card(PRIVATE, version=2))
    assert len(chat.said()) == 1


async def test_an_answer_streams_as_drafts_in_a_private_chat(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    for text in ("The", "The **answer", "The **answer** is 4"):
        await bot.show(StreamText(thread=PRIVATE, post_id="answer:1", text=text))
        count = len(chat.drafts)
        await server.until(lambda count=count: len(chat.drafts) > count)
    await bot.deliver(answer("The **answer** is 42."))
    assert [one.text for one in chat.said()] == ["The answer is 42."]
    assert {id for id, _ in chat.drafts} == {chat.drafts[0][0]}
    assert chat.drafts[-1][1] == "The answer is 4"


async def test_an_answer_that_is_whole_at_once_has_no_draft(
    server: TelegramServer, make: Make
) -> None:
    bot = make(replace(FAST, draft_s=1000.0))
    await bot.start()
    chat = server.world.chat(7)
    await bot.show(StreamText(thread=PRIVATE, post_id="answer:1", text="The"))
    await bot.show(StreamText(thread=PRIVATE, post_id="answer:1", text="The answer"))
    await bot.deliver(answer("The answer is 42."))
    assert [one.text for one in chat.said()] == ["The answer is 42."]
    assert chat.drafts == []


async def test_an_answer_streams_as_one_edited_message_in_a_group(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    group = server.world.chat(-5, "supergroup", "Team")
    await bot.show(StreamText(thread=GROUP, post_id="answer:1", text="The answer"))
    await server.until(group.said)
    await bot.deliver(answer("The answer is 42.", thread=GROUP))
    await bot.deliver(answer("The answer is 42.", thread=GROUP))
    (shown,) = group.said()
    assert (shown.text, shown.history) == ("The answer is 42.", ["The answer …"])


async def test_a_group_that_moved_gets_its_post_in_the_new_one(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    group = server.world.chat(-5, "group", "Team")
    await server.until(lambda: server.count("setMyCommands"))
    new = server.world.upgrade(group, -1005)
    await bot.deliver(answer("hi", thread=GROUP))
    assert [one.text for one in new.said()] == ["hi"]
    assert await core.of(channel_ref(-5), "answer:1") == (f"-1005:{new.said()[0].id}",)


TABLE = "Told @bob:\n\n| a | b |\n|---|---|\n| 1 | [x](tg://user?id=9) |"


async def test_a_table_is_a_rich_message_where_the_server_knows_them(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    post = answer(TABLE, buttons=(Button(action="undo.5", label="Undo"),), mention=ANN)
    await bot.deliver(post)
    await bot.deliver(post)
    (shown,) = chat.said()
    assert shown.rich == (
        '<p><a href="tg://user?id=7">Ann</a>:</p><p>Told @bob:</p><table><tr><th>a</th><th>b</th>'
        "</tr><tr><td>1</td><td>x</td></tr></table>"
    )
    assert shown.buttons == {"Undo": "undo.5"}


async def test_a_table_is_laid_out_as_text_where_the_server_is_older(
    server: TelegramServer, bot: TelegramAdapter
) -> None:
    chat = server.world.chat(7)
    server.methods.rich = False
    await bot.deliver(answer(TABLE))
    await bot.deliver(answer(TABLE))
    (shown,) = chat.said()
    assert shown.rich is None
    assert "a | b\n--+--\n1 | x" in shown.text
