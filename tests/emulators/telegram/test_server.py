"""The emulator refuses what Telegram refuses: a bot that breaks a rule has to fail here."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.emulators.telegram import Limits, TelegramServer
from tests.emulators.telegram.server import TOKEN


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        server.world.chat(7)
        yield server


async def call(server: TelegramServer, method: str, token: str = TOKEN, **fields: str) -> Any:
    url = f"{server.url}/bot{token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, data=fields) as answer:
        return await answer.json()


@pytest.mark.parametrize(
    ("method", "fields", "says"),
    [
        ("sendMessage", {"chat_id": "7", "text": " "}, "text is empty"),
        ("sendMessage", {"chat_id": "7", "text": "🙂" * 2049}, "too long"),
        ("sendMessage", {"chat_id": "8", "text": "a"}, "chat not found"),
        ("sendMessage", {"chat_id": "7", "text": "a", "message_thread_id": "4"}, "thread not"),
        (
            "sendMessage",
            {"chat_id": "7", "text": "🙂", "entities": '[{"type":"bold","offset":1,"length":1}]'},
            "middle of a UTF-16",
        ),
        (
            "sendMessage",
            {
                "chat_id": "7",
                "text": "a",
                "reply_markup": '{"inline_keyboard":[[{"text":"b","callback_data":"%s"}]]}'
                % ("x" * 65),
            },
            "BUTTON_DATA_INVALID",
        ),
        ("editMessageText", {"chat_id": "7", "message_id": "9", "text": "a"}, "edit not found"),
        ("answerCallbackQuery", {"callback_query_id": "no"}, "query is too old"),
        ("setMessageReaction", {"chat_id": "7", "message_id": "9"}, "react not found"),
        ("getFile", {"file_id": "no"}, "wrong file_id"),
        ("flyToTheMoon", {}, "method not found"),
    ],
)
async def test_what_telegram_refuses_is_refused(
    server: TelegramServer, method: str, fields: dict[str, str], says: str
) -> None:
    answer = await call(server, method, **fields)
    assert not answer["ok"]
    assert says in answer["description"]


async def test_an_edit_that_changes_nothing_is_refused(server: TelegramServer) -> None:
    sent = await call(server, "sendMessage", chat_id="7", text="a")
    id = str(sent["result"]["message_id"])
    same = await call(server, "editMessageText", chat_id="7", message_id=id, text="a")
    other = await call(server, "editMessageText", chat_id="7", message_id=id, text="b")
    assert ("not modified" in same["description"], other["ok"]) == (True, True)


async def test_a_wrong_token_is_401_and_a_malformed_one_404(server: TelegramServer) -> None:
    wrong = await call(server, "getMe", token="5:wrong")
    malformed = await call(server, "getMe", token="wrong")
    assert (wrong["error_code"], malformed["error_code"]) == (401, 404)


async def test_one_message_too_many_is_429_and_remembered() -> None:
    async with TelegramServer(Limits(group=2, group_s=60.0)) as server:
        server.world.chat(-5, "supergroup", "Team")
        answers = [await call(server, "sendMessage", chat_id="-5", text="a") for _ in range(3)]
    assert [one["ok"] for one in answers] == [True, True, False]
    assert answers[2]["parameters"]["retry_after"] >= 59
    assert server.meter.violations == ["more than 2 in group -5"]


async def test_updates_come_again_until_they_are_confirmed(server: TelegramServer) -> None:
    server.world.say(server.world.chat(7), "hi")
    first = await call(server, "getUpdates")
    again = await call(server, "getUpdates")
    assert first["result"] == again["result"]
    after = str(first["result"][0]["update_id"] + 1)
    assert (await call(server, "getUpdates", offset=after))["result"] == []


async def test_names_in_a_text_notify_and_those_in_code_do_not(server: TelegramServer) -> None:
    code = '[{"type":"code","offset":5,"length":5}]'
    await call(server, "sendMessage", chat_id="7", text="@anna @carl a@test", entities=code)
    assert server.world.chat(7).said()[0].notified == {"anna"}
