import asyncio
import time
from dataclasses import replace
from typing import Any, Literal

import aiohttp
import pytest

from adapters.telegram import polling
from adapters.telegram.address import thread_ref
from adapters.telegram.addressing import Me
from adapters.telegram.polling import Polling
from core.errors import DeliveryFailed
from core.messages import Post, PostKind
from tests.adapters.telegram.conftest import FAST, Make
from tests.adapters.telegram.fakes import Core
from tests.emulators.telegram import Fault, TelegramServer


async def test_a_platform_that_is_down_at_start_is_reached_later(
    server: TelegramServer, core: Core, make: Make
) -> None:
    await server.close()
    bot = make()
    await bot.start()
    at_start = bot.status.connected
    await server.open()
    server.world.say(server.world.chat(7), "hi")
    await core.hears(1)
    assert (at_start, bot.status.connected, bot.status.problem) == (False, True, "")


async def test_a_connection_on_which_nobody_speaks_is_known_to_stand(
    server: TelegramServer, make: Make
) -> None:
    bot = make(replace(FAST, poll_s=600))
    await bot.start()
    async with asyncio.timeout(60):
        await server.updates.polled(2)
    assert bot.status.connected


async def test_a_connection_that_broke_after_it_had_worked_is_opened_anew_without_a_pause(
    server: TelegramServer, core: Core, make: Make
) -> None:
    bot = make(replace(FAST, poll_s=600, first_wait_s=3600.0))
    await bot.start()
    async with asyncio.timeout(60):
        await server.updates.polled(2)
    await server.cut()
    server.world.say(server.world.chat(7), "hi")
    await core.hears(1)


async def test_a_connection_cut_in_the_middle_loses_and_doubles_nothing(
    server: TelegramServer, core: Core, make: Make
) -> None:
    bot = make()
    await bot.start()
    chat = server.world.chat(7)
    for number in range(30):
        server.world.say(chat, f"message {number}")
        if number % 10 == 5:
            await server.close()
            await server.open()
    heard = await core.hears(30)
    assert [one.text for one in heard] == [f"message {number}" for number in range(30)]


async def test_updates_again_and_out_of_order_have_one_effect(
    server: TelegramServer, core: Core, make: Make
) -> None:
    chat = server.world.chat(7)
    server.updates.shuffled = True
    for number in range(5):
        server.world.say(chat, f"message {number}")
    server.updates.pending.extend(list(server.updates.pending))
    await make().start()
    heard = await core.hears(5)
    await server.updates.unconfirmed()
    assert [one.text for one in heard] == [f"message {number}" for number in range(5)]


async def test_an_update_is_confirmed_only_when_it_is_kept(
    server: TelegramServer, core: Core, make: Make
) -> None:
    core.hold.clear()
    bot = make()
    await bot.start()
    server.world.say(server.world.chat(7), "important")
    await server.until(lambda: core.offered)
    await bot.stop()
    assert len(server.updates.pending) == 1
    core.hold.set()
    await make().start()
    assert [one.text for one in await core.hears(1)] == ["important"]


class Gate(asyncio.Event):
    """Whoever comes here waits until it is set; `reached` when somebody does."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


async def test_an_update_that_is_kept_while_it_is_on_its_way_again_makes_no_pause(
    server: TelegramServer, core: Core, make: Make
) -> None:
    core.hold.clear()
    await make(replace(FAST, first_wait_s=3600.0)).start()
    chat = server.world.chat(7)
    server.world.say(chat, "one")
    await server.until(lambda: core.offered)
    gate = Gate()
    server.faults.plan("getUpdates", Fault(wait=gate))
    async with asyncio.timeout(60):
        await gate.reached.wait()
    core.hold.set()
    await core.hears(1)
    polls = server.updates.polls
    gate.set()
    await server.until(lambda: server.updates.polls > polls)  # it is answered, and there again
    server.world.say(chat, "two")
    await core.hears(2)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


async def test_after_a_minute_of_talk_a_slow_message_holds_up_others_no_longer_than_before(
    server: TelegramServer, core: Core, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(polling, "time", clock)
    monkeypatch.setattr(polling, "_LONG_SETTLE_S", 3600.0)
    await make().start()
    server.world.say(server.world.chat(7), "one")
    await core.hears(1)
    clock.now += 60.0
    core.hold.clear()
    server.world.say(server.world.chat(7), "slow")
    await server.until(lambda: len(core.offered) == 2)
    other = server.world.say(server.world.chat(8), "quick")
    await server.until(lambda: other.reactions)
    core.hold.set()
    await core.hears(3)


async def test_a_full_disk_delays_a_message_and_loses_none(
    server: TelegramServer, core: Core, make: Make
) -> None:
    core.full = 2
    await make().start()
    server.world.say(server.world.chat(7), "one")
    server.world.say(server.world.chat(7), "two")
    assert [one.text for one in await core.hears(2)] == ["one", "two"]


async def test_broken_updates_hold_up_nobody(
    server: TelegramServer, core: Core, make: Make
) -> None:
    for broken in (
        {"message": None},
        {"message": {"chat": {"id": "x"}, "text": 5}},
        {"callback_query": {"id": 1}},
        {"something_new": {"a": [1]}},
        {"message": {"message_id": 1, "chat": {"id": 7, "type": "private"}}},
        {"edited_message": {"text": "a", "entities": [{"offset": -1}, 3]}},
    ):
        server.updates.push(broken)
    await make().start()
    server.world.say(server.world.chat(7), "hi")
    assert [one.text for one in await core.hears(1)] == ["hi"]
    await server.updates.unconfirmed()


@pytest.mark.parametrize("stuck", [{}, {"update_id": "x"}, {"update_id": 3.5}])
async def test_what_telegram_gives_again_and_again_is_not_asked_for_at_once(
    server: TelegramServer, core: Core, make: Make, stuck: dict[str, object]
) -> None:
    async def poll(offset: int, limit: int, wait_s: float) -> list[dict[str, object]]:
        server.updates.polls += 1
        await server.updates.notice()
        return [{"message": None} | stuck]

    server.updates.poll = poll  # type: ignore[method-assign]
    began = time.monotonic()
    await make().start()
    async with asyncio.timeout(30):
        await server.updates.polled(6)
    # Five pauses from 20 ms on, each twice the one before it, cannot take less.
    assert time.monotonic() - began > 0.3


@pytest.mark.parametrize("answer", [[], [1, "x"]])
async def test_a_server_that_does_not_wait_for_updates_is_not_asked_without_a_pause(
    server: TelegramServer, make: Make, answer: list[Any]
) -> None:
    async def poll(offset: int, limit: int, wait_s: float) -> list[dict[str, Any]]:
        server.updates.polls += 1
        await server.updates.notice()
        return answer

    server.updates.poll = poll  # type: ignore[method-assign]
    bot = make()
    began = time.monotonic()
    await bot.start()
    async with asyncio.timeout(30):
        await server.updates.polled(6)
    # The first asks for no wait, and behind each of four further ones there is a pause.
    assert time.monotonic() - began > 4 * 0.05
    assert bot.status.connected


async def test_a_revoked_token_is_told_and_nothing_is_hammered(
    server: TelegramServer, make: Make
) -> None:
    server.revoked = True
    bot = make()
    await bot.start()
    await server.until(lambda: server.count("getMe") >= 2)
    assert "@BotFather" in bot.status.problem
    with pytest.raises(DeliveryFailed) as failed:
        await bot.deliver(_post("hi"))
    assert (failed.value.retry_after_s or 0) >= 60


async def test_a_missing_token_is_told_at_once(
    server: TelegramServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TELEGRAM_TOKEN")
    bot = make()
    await bot.start()
    assert "TELEGRAM_TOKEN" in bot.status.problem
    with pytest.raises(DeliveryFailed):
        await bot.deliver(_post("hi"))
    assert server.calls == []


async def test_a_forgotten_webhook_is_removed_for_polling(
    server: TelegramServer, core: Core, make: Make
) -> None:
    server.updates.webhook = {"url": "http://127.0.0.1:9/"}
    await make().start()
    await server.until(lambda: server.count("deleteWebhook"))
    server.world.say(server.world.chat(7), "hi")
    await core.hears(1)


async def test_html_in_place_of_updates_is_survived(
    server: TelegramServer, core: Core, make: Make
) -> None:
    server.faults.plan("getUpdates", Fault(status=502, html=True), Fault(status=429, retry_after=1))
    bot = make()
    await bot.start()
    server.world.say(server.world.chat(7), "hi")
    await core.hears(1)
    assert bot.status.retries == 2


async def test_a_webhook_hears_only_who_knows_the_secret(
    server: TelegramServer, core: Core, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_SECRET", "s3cret")
    bot = make(mode="webhook", webhook_url="http://127.0.0.1:1/", port=0)
    await bot.start()
    await server.until(lambda: server.count("setWebhook"))
    url = f"http://127.0.0.1:{bot.webhook.port}/"
    forged = {"update_id": 5, "message": {"text": "hi"}}
    secret = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
    async with aiohttp.ClientSession() as session:
        statuses = [
            (await session.post(url, json=forged, headers=headers)).status
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}, secret)
        ]
        garbage = await session.post(url, data=b"<html>", headers=secret)
    assert [*statuses, garbage.status] == [403, 403, 200, 400]
    server.updates.webhook = {"url": url, "secret_token": "s3cret"}
    server.world.say(server.world.chat(7), "hi")
    assert [one.text for one in await core.hears(1)] == ["hi"]
    await server.updates.unconfirmed()
    assert server.updates.pushed[-1] == 200


async def test_a_port_that_is_taken_is_named_and_had_later(
    server: TelegramServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_SECRET", "s3cret")
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    bot = make(mode="webhook", webhook_url="https://bot.example/", port=port)
    await bot.start()
    await server.until(lambda: server.count("setMyCommands"))
    assert f"port {port}" in bot.status.problem
    taken.close()
    await taken.wait_closed()
    await server.until(lambda: server.count("setWebhook"))


def _post(text: str) -> Post:
    thread = thread_ref(7, None)
    return Post(id="answer:1", thread=thread, kind=PostKind.ANSWER, text=text, at=1.0)


async def test_a_bug_in_the_connection_does_not_make_the_bot_deaf_for_good(
    server: TelegramServer, core: Core, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives, run = 0, Polling.run

    async def broken_once(self: Polling, me: Me) -> None:
        nonlocal lives
        lives += 1
        if lives == 1:
            raise RuntimeError("a bug")
        await run(self, me)

    monkeypatch.setattr(Polling, "run", broken_once)
    await make().start()
    server.world.say(server.world.chat(7), "hi")
    await core.hears(1)
    assert lives == 2


async def test_a_token_that_is_revoked_later_loses_no_post(
    server: TelegramServer, make: Make
) -> None:
    bot = make()
    await bot.start()
    await server.until(lambda: server.count("setMyCommands"))
    server.revoked = True
    with pytest.raises(DeliveryFailed) as failed:
        await bot.deliver(_post("hi"))
    assert (failed.value.retry_after_s or 0) >= 60


async def test_an_answer_that_names_no_message_is_none(
    server: TelegramServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.methods, "send_message", lambda fields: True)
    bot = make()
    await bot.start()
    with pytest.raises(DeliveryFailed):
        await bot.deliver(_post("hi"))
