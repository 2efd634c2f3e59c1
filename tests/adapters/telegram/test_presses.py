import pytest

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.address import thread_ref
from core.messages import Post, PostKind
from core.messages.views import ConflictLine
from tests.adapters.telegram.fakes import ANN, Core, card
from tests.adapters.telegram.test_details import job
from tests.emulators.telegram import TelegramServer
from tests.emulators.telegram.world import Chat

PLACE = thread_ref(7, None)


async def pressed(server: TelegramServer, bot: TelegramAdapter, core: Core) -> tuple[Chat, str]:
    chat = server.world.chat(7)
    await bot.deliver(card(PLACE))
    query = server.world.press(chat.said()[0], "Stop")
    await core.hears(1)
    return chat, query


def reply(query: str, text: str, *, alone: bool) -> Post:
    return Post(
        id=f"reply:press:press:{query}", thread=PLACE, kind=PostKind.NOTICE, text=text, at=1.0,
        press=f"press:{query}", alone=ANN if alone else None,
    )  # fmt: skip


async def answer(server: TelegramServer, query: str) -> dict[str, object]:
    await server.until(lambda: server.world.open_callbacks[query] is not None)
    return server.world.open_callbacks[query] or {}


async def test_a_refusal_is_shown_to_who_pressed_and_to_nobody_else(
    server: TelegramServer, patient: TelegramAdapter, core: Core
) -> None:
    chat, query = await pressed(server, patient, core)
    await patient.deliver(reply(query, "That is Ben's job; say `/jobs`.", alone=True))
    shown = await answer(server, query)
    assert shown["text"] == "That is Ben's job; say /jobs."
    assert shown["show_alert"] in (True, "true", "True")
    assert len(chat.said()) == 1


async def test_what_was_done_is_told_to_all_and_ends_the_sign_on_the_button_at_once(
    server: TelegramServer, patient: TelegramAdapter, core: Core
) -> None:
    chat, query = await pressed(server, patient, core)
    await patient.deliver(reply(query, "Stopping job 3.", alone=False))
    assert not (await answer(server, query)).get("text")
    assert [one.text for one in chat.said()[1:]] == ["Stopping job 3."]


async def test_a_refusal_that_comes_late_or_is_long_is_told_where_the_button_is(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    chat, query = await pressed(server, bot, core)
    assert not (await answer(server, query)).get("text")
    await bot.deliver(reply(query, "Too late.", alone=True))
    assert [one.text for one in chat.said()[1:]] == ["Too late."]


async def test_a_refusal_longer_than_an_alert_is_told_whole(
    server: TelegramServer, patient: TelegramAdapter, core: Core
) -> None:
    chat, query = await pressed(server, patient, core)
    await patient.deliver(reply(query, "no " * 100, alone=True))
    assert not (await answer(server, query)).get("text")
    assert chat.said()[1].text.strip() == ("no " * 100).strip()


@pytest.mark.parametrize(
    ("forged", "word"),
    [
        ("?steer.99", "no such"),
        ("?steer.4", "ended already"),
        ("?answer.99.1", "no such"),
        ("?edit.5.1", "no open conflict 5"),
        ("?stop.3", "none of mine"),
        ("?nonsense", "none of mine"),
    ],
)
async def test_nobody_is_asked_for_words_that_nothing_can_take(
    server: TelegramServer, patient: TelegramAdapter, core: Core, forged: str, word: str
) -> None:
    core.jobs[3], core.jobs[4] = job(), job(outcome="done")
    chat = server.world.chat(7)
    await patient.deliver(card(PLACE))
    query = server.world.forge(chat.said()[0], forged)
    assert word in str((await answer(server, query))["text"])
    assert len(chat.said()) == 1
    assert core.heard == []


async def test_who_wants_to_write_a_conflict_s_value_is_asked_for_it(
    server: TelegramServer, bot: TelegramAdapter, core: Core
) -> None:
    core.conflicts = (ConflictLine(number=5, revision=1, key="a", candidates=(), buttons=()),)
    chat = server.world.chat(7)
    await bot.deliver(card(PLACE))
    server.world.forge(chat.said()[0], "?edit.5.1")
    await server.until(lambda: len(chat.said()) == 2)
    assert (chat.said()[1].markup or {}).get("force_reply") is True
