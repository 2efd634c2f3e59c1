"""The bot ends at any moment and another one goes on with what was kept."""

import asyncio

import pytest

from adapters.telegram.address import thread_ref
from core.errors import DeliveryFailed
from core.messages import Post, PostKind, Seen
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.fakes import Core, card
from tests.emulators.telegram import Fault, TelegramServer

PRIVATE = thread_ref(7, None)


def answer(number: int, text: str) -> Post:
    return Post(id=f"answer:{number}", thread=PRIVATE, kind=PostKind.ANSWER, text=text, at=1.0)


async def test_what_was_sent_but_not_marked_is_not_sent_again(
    server: TelegramServer, make: Make
) -> None:
    chat, long = server.world.chat(7), "word " * 1500
    bot = make()
    await bot.deliver(answer(1, long))
    await bot.deliver(card(PRIVATE))
    await bot.stop()
    again = make()
    await again.deliver(answer(1, long))
    await again.deliver(card(PRIVATE))
    assert len(chat.said()) == 3


async def test_files_that_went_out_are_not_uploaded_again(
    server: TelegramServer, core: Core, make: Make
) -> None:
    chat = server.world.chat(7)
    core.produced = {"a.txt": b"a", "b.txt": b"b"}
    post = Post(
        id="result:3", thread=PRIVATE, kind=PostKind.RESULT, text="Done.", at=1.0, job=3,
        files=("a.txt", "b.txt"),
    )  # fmt: skip
    server.faults.plan("sendDocument", Fault(), Fault(status=500))
    with pytest.raises(DeliveryFailed):
        await make().deliver(post)
    await make().deliver(post)
    assert [one.file for one in chat.said() if one.file] == [("a.txt", b"a"), ("b.txt", b"b")]


async def test_a_lost_answer_to_a_send_doubles_that_part_at_most(
    server: TelegramServer, make: Make
) -> None:
    # Telegram has no means against it; what must not happen is that the text is lost.
    chat = server.world.chat(7)
    server.faults.plan("sendMessage", Fault(lost=True))
    bot = make()
    with pytest.raises(DeliveryFailed):
        await bot.deliver(answer(1, "hi"))
    await bot.deliver(answer(1, "hi"))
    await bot.deliver(answer(1, "hi"))
    assert [one.text for one in chat.said()] == ["hi", "hi"]


async def test_a_reply_to_a_card_of_an_earlier_life_steers_its_job(
    server: TelegramServer, core: Core, make: Make
) -> None:
    chat = server.world.chat(7)
    first = make()
    await first.deliver(card(PRIVATE))
    await first.stop()
    await make().start()
    server.world.press(chat.said()[0], "Stop")
    server.world.say(chat, "and May", reply_to=chat.said()[0].id)
    press, message = await core.hears(2)
    assert getattr(press, "action", None) == "stop.3"
    assert getattr(message, "reply_to", None) == "card:3"


async def test_posts_of_a_chat_keep_their_order_under_the_limit(
    server: TelegramServer, make: Make
) -> None:
    chat = server.world.chat(7)
    bot = make()
    for number in range(12):
        await bot.deliver(answer(number, f"number {number}"))
    assert [one.text for one in chat.said()] == [f"number {number}" for number in range(12)]


async def test_a_message_is_seen_while_sends_to_the_chat_wait(
    server: TelegramServer, make: Make
) -> None:
    chat = server.world.chat(7)
    bot = make()
    await bot.start()
    asked = server.world.say(chat, "hi")
    server.faults.plan("sendMessage", Fault(status=429, retry_after=30))
    with pytest.raises(DeliveryFailed):
        await bot.deliver(answer(1, "hi"))
    held = asyncio.create_task(bot.deliver(answer(1, "hi")))
    await bot.show(Seen(thread=PRIVATE, message_id=f"7:{asked.id}"))
    await server.until(lambda: asked.reactions)
    assert not held.done()
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
